package dev.pg.model.siglip;

import dev.pg.core.PgException;
import dev.pg.kernels.Blocks;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Weights;
import dev.pg.model.Compute;
import dev.pg.model.LayerTap;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.SigLipTextConfig;
import java.util.List;

/**
 * The SigLIP text tower: token ids to one embedding per text, after {@code SiglipTextTransformer} in transformers' {@code
 * modeling_siglip.py}. Padding attends and is attended like any token, and the last position, padding or not, stands for the text.
 *
 * <p>Holds weights only, so it is immutable and thread-safe; each pass needs a {@link Compute} of its own.
 */
public final class TextTower {
    private static final String ROOT = "text_model.";

    private final SigLipTextConfig config;
    private final Weights tokens; // [vocabulary × hidden]
    private final Matrix positions; // [maxPositions × hidden]
    private final Encoder encoder;
    private final Linear head; // [projection × hidden]

    /**
     * Finds the tower's weights.
     *
     * @throws PgException if a tensor is missing or has another shape than the config says
     */
    public TextTower(SigLipTextConfig config, ModelTensors tensors) {
        this.config = config;
        int hidden = config.encoder().hiddenSize();
        int length = config.maxPositions();
        this.tokens = tensors.weights(ROOT + "embeddings.token_embedding.weight", config.vocabSize(), hidden);
        this.positions = tensors.matrix(ROOT + "embeddings.position_embedding.weight", length, hidden);
        this.encoder = new Encoder(config.encoder(), tensors, ROOT, "final_layer_norm");
        this.head = tensors.linear(ROOT + "head", config.projectionSize(), hidden);
    }

    public SigLipTextConfig config() {
        return config;
    }

    /**
     * Tokens with their positions: the input of the first layer.
     *
     * @param texts the ids of each text, padding included
     * @return [tokens of all texts × hidden]
     * @throws PgException if a text is empty or too long, or an id is outside the vocabulary
     */
    public Matrix embed(List<int[]> texts) {
        Matrix x = new Matrix(blocks(texts).positions(), config.encoder().hiddenSize());
        int row = 0;
        for (int[] ids : texts) {
            if (ids.length > config.maxPositions()) {
                throw new PgException("a text of " + ids.length + " tokens is longer than the text tower's "
                        + config.maxPositions() + " positions");
            }
            for (int i = 0; i < ids.length; i++, row++) {
                if (ids[i] < 0 || ids[i] >= config.vocabSize()) {
                    throw new PgException("token id " + ids[i] + " is outside the text tower's vocabulary of "
                            + config.vocabSize() + " tokens");
                }
                int at = x.at(row);
                tokens.copyRow(ids[i], x.data(), at);
                for (int c = 0; c < x.cols(); c++) {
                    x.data()[at + c] += positions.data()[positions.at(i) + c];
                }
            }
        }
        return x;
    }

    /** Where each text begins and ends in what {@link #embed} makes of it. */
    public Blocks blocks(List<int[]> texts) {
        return Blocks.of(texts.stream().mapToInt(ids -> ids.length).toArray());
    }

    /**
     * Runs the layers.
     *
     * @param x what {@link #embed} returned; overwritten
     * @return [tokens of all texts × hidden], behind the closing LayerNorm
     */
    public Matrix encode(Compute compute, Matrix x, Blocks texts, LayerTap tap) {
        return encoder.encode(compute, x, texts.mask(), tap);
    }

    /**
     * One embedding per text, from its last position.
     *
     * @param encoded what {@link #encode} returned
     * @return [texts × projection], not normalised
     */
    public Matrix pool(Compute compute, Matrix encoded, Blocks texts) {
        Matrix last = new Matrix(texts.count(), encoded.cols());
        for (int i = 0; i < texts.count(); i++) {
            int row = texts.start(i) + texts.length(i) - 1;
            System.arraycopy(encoded.data(), encoded.at(row), last.data(), last.at(i), encoded.cols());
        }
        Matrix pooled = new Matrix(texts.count(), config.projectionSize());
        compute.matMul().multiply(last, head, pooled);
        return pooled;
    }
}
