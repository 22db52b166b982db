package dev.pg.model.config;

/**
 * The shape of a SigLIP encoder, which vision and text tower have in common.
 *
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width inside the MLP
 * @param layers number of layers
 * @param heads attention heads
 * @param layerNormEps epsilon inside every LayerNorm
 */
public record EncoderConfig(int hiddenSize, int intermediateSize, int layers, int heads, float layerNormEps) {
    /** Reads the keys that a {@code vision_config} and a {@code text_config} share, with transformers' defaults for omitted ones. */
    static EncoderConfig read(ConfigNode node) {
        EncoderConfig config = new EncoderConfig(
                node.size("hidden_size", 768),
                node.size("intermediate_size", 3072),
                node.integer("num_hidden_layers", 12, 1, 1024),
                node.size("num_attention_heads", 12),
                (float) node.positive("layer_norm_eps", 1e-6));
        if (!node.text("hidden_act", "gelu_pytorch_tanh").equals("gelu_pytorch_tanh")) {
            throw node.wrong("hidden_act", "\"gelu_pytorch_tanh\"");
        }
        if (config.hiddenSize % config.heads != 0) {
            throw node.wrong("num_attention_heads", "a divisor of hidden_size " + config.hiddenSize);
        }
        return config;
    }

    /** Dimensions of one attention head. */
    public int headDim() {
        return hiddenSize / heads;
    }

    /** Factor on q·k. */
    public float attentionScale() {
        return (float) Math.pow(headDim(), -0.5);
    }
}
