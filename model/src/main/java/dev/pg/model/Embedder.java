package dev.pg.model;

import dev.pg.kernels.Matrix;
import dev.pg.model.image.Image;
import java.util.List;

/** A model that makes vectors of pictures, and perhaps of texts. Thread-safe as {@link Model} says. */
public sealed interface Embedder extends Model permits PaliGemma, ColPali, SigLip {
    /** How the embeddings of a picture's patches become the picture's. */
    enum Pooling {
        /** By the model's own pooling head. */
        HEAD,
        /** Their mean. */
        MEAN,
        /** Not at all: a vector for each patch. */
        NONE
    }

    /** What the model was trained for: its head, or the mean if it has none. */
    Pooling defaultPooling();

    /** What {@link #embedTexts} returns: {@link Pooling#HEAD} for one vector of a text, {@link Pooling#NONE} for one of each token. */
    default Pooling textPooling() {
        return Pooling.HEAD;
    }

    /** Tokens at the end of {@code text} that the model cannot read and leaves out. */
    default int droppedTokens(String text) {
        return 0;
    }

    /**
     * Embeds pictures. Small ones share a pass; each gets the numbers that it gets alone, up to rounding.
     *
     * @return for each picture its vectors [1 × dim], or [patches × dim] for {@link Pooling#NONE}; as they come out of the network,
     *     not normalised
     * @throws dev.pg.core.PgException if the model has no such pooling, or the numbers are not finite
     */
    List<Matrix> embedImages(List<Image> images, Pooling pooling);

    /**
     * Embeds texts.
     *
     * @return for each text its vectors [1 × dim], not normalised; of a ColPali [tokens × dim]
     * @throws dev.pg.core.PgException if the model has no text tower or no tokenizer, or the numbers are not finite
     */
    List<Matrix> embedTexts(List<String> texts);

    /** Divides each row by its Euclidean length, in place; a row of zeros stays. */
    static void normalize(Matrix vectors) {
        for (int r = 0; r < vectors.rows(); r++) {
            int at = vectors.at(r);
            double squares = 0;
            for (int c = 0; c < vectors.cols(); c++) {
                double value = vectors.data()[at + c];
                squares += value * value;
            }
            float length = (float) Math.sqrt(squares);
            for (int c = 0; c < vectors.cols() && length > 0; c++) {
                vectors.data()[at + c] /= length;
            }
        }
    }
}
