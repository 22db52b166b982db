package dev.pg.model;

import dev.pg.kernels.Matrix;
import dev.pg.model.image.Image;
import java.util.List;

/**
 * Says how well each of some texts fits a picture, without training for them (zero-shot). The texts were embedded when it was made; a
 * picture costs one pass of the vision tower, however many texts there are. Thread-safe, as the {@link SigLip} behind it.
 */
public final class Classifier {
    private final SigLip model;
    private final List<Matrix> texts; // normalised, [1 × dim] each

    Classifier(SigLip model, List<Matrix> texts) {
        if (texts.isEmpty()) {
            throw new IllegalArgumentException("there is nothing to choose from: give at least one text");
        }
        this.model = model;
        this.texts = texts;
        texts.forEach(Embedder::normalize);
    }

    /**
     * The probability that each text belongs to the picture: σ(e^logit_scale · cosine + logit_bias). They are independent of each
     * other and need not add up to 1.
     *
     * @return for each picture one probability per text, in the order of the texts
     */
    public List<float[]> probabilities(List<Image> images) {
        return model.embedImages(images, Embedder.Pooling.HEAD).stream()
                .map(picture -> {
                    Embedder.normalize(picture);
                    return sigmoid(model.logits(picture, texts));
                })
                .toList();
    }

    /** σ of each, in place. */
    static float[] sigmoid(float[] logits) {
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (1 / (1 + Math.exp(-logits[i])));
        }
        return logits;
    }
}
