package dev.pg.model.config;

/**
 * The shape of a SigLIP vision tower, with the defaults of transformers' {@code SiglipVisionConfig} for omitted keys.
 *
 * @param hiddenSize width of a patch embedding
 * @param intermediateSize width inside the MLP
 * @param layers number of encoder layers
 * @param heads attention heads; each has {@code hiddenSize / heads} dimensions
 * @param channels colour channels of the pixels
 * @param imageSize height and width of the square input in pixels
 * @param patchSize height and width of a patch in pixels
 * @param layerNormEps epsilon inside every LayerNorm
 */
public record VisionConfig(
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int channels,
        int imageSize,
        int patchSize,
        float layerNormEps) {

    /**
     * Reads a {@code vision_config} object, or the config of a vision-only checkpoint.
     *
     * @throws dev.pg.core.PgException if a value is impossible or the activation is not GELU in its tanh form
     */
    public static VisionConfig read(ConfigNode node) {
        VisionConfig config = new VisionConfig(
                node.size("hidden_size", 768),
                node.size("intermediate_size", 3072),
                node.integer("num_hidden_layers", 12, 1, 1024),
                node.size("num_attention_heads", 12),
                node.integer("num_channels", 3, 3, 3),
                node.integer("image_size", 224, 1, 1 << 14),
                node.integer("patch_size", 16, 1, 1 << 10),
                (float) node.positive("layer_norm_eps", 1e-6));
        if (!node.text("hidden_act", "gelu_pytorch_tanh").equals("gelu_pytorch_tanh")) {
            throw node.wrong("hidden_act", "\"gelu_pytorch_tanh\"");
        }
        if (config.hiddenSize % config.heads != 0) {
            throw node.wrong("num_attention_heads", "a divisor of hidden_size " + config.hiddenSize);
        }
        if (config.patchSize > config.imageSize) {
            throw node.wrong("patch_size", "at most image_size " + config.imageSize);
        }
        return config;
    }

    /** Dimensions of one attention head. */
    public int headDim() {
        return hiddenSize / heads;
    }

    /** Patches along one side of the picture; what is left over at the right and bottom is dropped. */
    public int grid() {
        return imageSize / patchSize;
    }

    /** Patches of one picture, which is its number of tokens. */
    public int patches() {
        return grid() * grid();
    }

    /** Pixels of one patch times channels: the length of a flattened patch. */
    public int patchLength() {
        return channels * patchSize * patchSize;
    }
}
