package dev.pg.bench;

import dev.pg.core.PgException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The sizes of a PaliGemma. The vocabulary is that of the published models.
 *
 * @param gemma 1 or 2, the generation of the text decoder
 * @param vision sizes of the SigLIP tower
 * @param layers of the decoder
 * @param hidden width of the decoder
 * @param intermediate width inside its feed-forward blocks
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headDim width of a head
 * @param queryPreAttnScalar what attention scores are divided by the square root of; for Gemma 2
 */
record ModelShape(
        int gemma,
        Vision vision,
        int layers,
        int hidden,
        int intermediate,
        int heads,
        int kvHeads,
        int headDim,
        int queryPreAttnScalar) {
    /** Rows of the embedding: the tokenizer's pieces, {@code <image>}, and padding. */
    static final int VOCABULARY = 257_216;

    /**
     * The sizes of a SigLIP tower.
     *
     * @param imageSize side of the picture in pixels
     * @param patchSize side of a patch in pixels
     */
    record Vision(int imageSize, int patchSize, int layers, int hidden, int intermediate, int heads) {
        /** Pixels of one patch times colours. */
        int patchLength() {
            return 3 * patchSize * patchSize;
        }

        /** Additions and multiplications for a picture of {@code patches}, attention included, without the pooling head. */
        double operations(double patches) {
            double layer = 4.0 * hidden * hidden + 2.0 * hidden * intermediate;
            double attention = 2.0 * layers * patches * hidden; // of each patch
            return 2 * patches * ((double) patchLength() * hidden + layers * layer + attention);
        }

        /** Image tokens. */
        int patches() {
            int side = imageSize / patchSize;
            return side * side;
        }
    }

    private static final List<Integer> RESOLUTIONS = List.of(224, 448, 896);

    // reference: the config.json files and the conversion scripts of transformers
    private static final Map<String, ModelShape> FAMILIES = new TreeMap<>(Map.of(
            "paligemma-3b", new ModelShape(1, so400m(224), 18, 2048, 16384, 8, 1, 256, 256),
            "paligemma2-3b", new ModelShape(2, so400m(224), 26, 2304, 9216, 8, 4, 256, 256),
            "paligemma2-10b", new ModelShape(2, so400m(224), 42, 3584, 14336, 16, 8, 256, 256),
            "paligemma2-28b", new ModelShape(2, so400m(224), 46, 4608, 36864, 32, 16, 128, 144)));

    private static Vision so400m(int imageSize) {
        return new Vision(imageSize, 14, 27, 1152, 4304, 16);
    }

    /**
     * The shape of a published model.
     *
     * @param name family and resolution, for example {@code paligemma2-3b-448}
     * @throws PgException naming the shapes there are, if this is none
     */
    static ModelShape of(String name) {
        for (int resolution : RESOLUTIONS) {
            for (Map.Entry<String, ModelShape> family : FAMILIES.entrySet()) {
                if (name.equals(family.getKey() + "-" + resolution)) {
                    return family.getValue().withVision(so400m(resolution));
                }
            }
        }
        throw new PgException("no shape \"" + name + "\"; choose one of " + FAMILIES.keySet() + " with one of "
                + RESOLUTIONS + " behind it, for example paligemma2-3b-224");
    }

    private ModelShape withVision(Vision newVision) {
        return new ModelShape(
                gemma, newVision, layers, hidden, intermediate, heads, kvHeads, headDim, queryPreAttnScalar);
    }

    /**
     * The same with fewer layers: a smaller file for work on one layer's speed.
     *
     * @throws PgException if a number is below 1
     */
    ModelShape withLayers(int textLayers, int visionLayers) {
        if (textLayers < 1 || visionLayers < 1) {
            throw new PgException("a model needs 1 layer or more in each part, not " + textLayers
                    + " in the decoder and " + visionLayers + " in the vision tower");
        }
        Vision v = vision;
        return new ModelShape(
                gemma,
                new Vision(v.imageSize, v.patchSize, visionLayers, v.hidden, v.intermediate, v.heads),
                textLayers,
                hidden,
                intermediate,
                heads,
                kvHeads,
                headDim,
                queryPreAttnScalar);
    }
}
