package dev.pg.model.config;

/**
 * The shape of a SigLIP vision tower, with the defaults of transformers' {@code SiglipVisionConfig} and {@code
 * Siglip2VisionConfig} for omitted keys.
 *
 * @param encoder the layers
 * @param channels colour channels of the pixels
 * @param patchSize height and width of a patch in pixels
 * @param grid patches along one side of the square that the positions were trained on; what is left over at the right and bottom
 *     of a picture is dropped
 * @param imageSize height and width of that square in pixels
 * @param naFlex whether pictures keep their aspect ratio and have a number of patches of their own (SigLIP 2 NaFlex)
 * @param pooled whether an attention pooling head makes one vector of a picture
 */
public record VisionConfig(
        EncoderConfig encoder, int channels, int patchSize, int grid, int imageSize, boolean naFlex, boolean pooled) {

    /**
     * Reads a {@code vision_config} object, or the config of a vision-only checkpoint, of a tower for squares of one size.
     *
     * @throws dev.pg.core.PgException if a value is impossible or the activation is not GELU in its tanh form
     */
    public static VisionConfig read(ConfigNode node) {
        int imageSize = node.integer("image_size", 224, 1, 1 << 14);
        int patchSize = patchSize(node);
        if (patchSize > imageSize) {
            throw node.wrong("patch_size", "at most image_size " + imageSize);
        }
        return read(node, patchSize, imageSize / patchSize, imageSize, false);
    }

    /**
     * Reads the same of a SigLIP 2 NaFlex tower, which has {@code num_patches} in place of {@code image_size}.
     *
     * @throws dev.pg.core.PgException as {@link #read(ConfigNode)}
     */
    public static VisionConfig readNaFlex(ConfigNode node) {
        int patches = node.integer("num_patches", 256, 1, 1 << 20);
        int grid = (int) Math.sqrt(patches);
        if (grid * grid != patches) {
            throw node.wrong("num_patches", "the square of a whole number");
        }
        int patchSize = patchSize(node);
        return read(node, patchSize, grid, grid * patchSize, true);
    }

    private static int patchSize(ConfigNode node) {
        return node.integer("patch_size", 16, 1, 1 << 10);
    }

    private static VisionConfig read(ConfigNode node, int patchSize, int grid, int imageSize, boolean naFlex) {
        return new VisionConfig(
                EncoderConfig.read(node),
                node.integer("num_channels", 3, 3, 3),
                patchSize,
                grid,
                imageSize,
                naFlex,
                node.bool("vision_use_head", true));
    }

    /** Number of encoder layers. */
    public int layers() {
        return encoder.layers();
    }

    /** Width of a patch embedding. */
    public int hiddenSize() {
        return encoder.hiddenSize();
    }

    /** Patches of the square that the positions were trained on: the tokens of a picture, unless {@link #naFlex}. */
    public int patches() {
        return grid * grid;
    }

    /** Pixels of one patch times channels: the length of a flattened patch. */
    public int patchLength() {
        return channels * patchSize * patchSize;
    }
}
