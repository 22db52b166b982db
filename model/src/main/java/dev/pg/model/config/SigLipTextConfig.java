package dev.pg.model.config;

/**
 * The shape of a SigLIP text tower, with the defaults of transformers' {@code SiglipTextConfig} for omitted keys.
 *
 * @param encoder the layers
 * @param vocabSize rows of the embedding table
 * @param maxPositions tokens of a text: shorter ones are filled up, longer ones cut
 * @param projectionSize width of a text's embedding
 */
public record SigLipTextConfig(EncoderConfig encoder, int vocabSize, int maxPositions, int projectionSize) {
    /**
     * Reads a {@code text_config} object.
     *
     * @throws dev.pg.core.PgException if a value is impossible or the activation is not GELU in its tanh form
     */
    public static SigLipTextConfig read(ConfigNode node) {
        EncoderConfig encoder = EncoderConfig.read(node);
        return new SigLipTextConfig(
                encoder,
                node.integer("vocab_size", 32000, 1, 1 << 24),
                node.integer("max_position_embeddings", 64, 1, 1 << 16),
                node.size("projection_size", encoder.hiddenSize()));
    }
}
