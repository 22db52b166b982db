package dev.pg.bench;

import dev.pg.model.config.PaliGemmaConfig;
import dev.pg.model.config.TextConfig;
import dev.pg.model.config.VisionConfig;

/**
 * The {@link Work} of each stage of a PaliGemma, counted from its shape: matrix products and attention. Norms, activations and
 * other element-wise work, a hundredth of that, are left out, so a fraction of the limit never looks better than it is.
 *
 * @param config the shape
 * @param textLayers of the decoder, in place of those in {@code config}
 * @param visionLayers of the tower, in place of those in {@code config}
 * @param bytesPerWeight of the decoder, in memory
 * @param visionBytesPerWeight of the tower and the projector, in memory
 */
record StageWork(
        PaliGemmaConfig config, int textLayers, int visionLayers, double bytesPerWeight, double visionBytesPerWeight) {
    /** Two for a multiply-add; attention has one pair for scores and one for the weighted sum. */
    private static final double FLOPS = 2;

    private static final double ATTENTION_FLOPS = 2 * FLOPS;

    /** With weights of {@code format}. */
    static StageWork of(PaliGemmaConfig config, int textLayers, int visionLayers, WeightFormat format) {
        return new StageWork(config, textLayers, visionLayers, format.bytesPerWeight(), format.visionBytesPerWeight());
    }

    /** One picture, from pixels to image tokens. */
    Work vision() {
        VisionConfig v = config.vision();
        double patches = v.patches();
        double hidden = v.hiddenSize();
        double layer = 4 * hidden * hidden + 2 * hidden * v.encoder().intermediateSize();
        double weights = v.patchLength() * hidden
                + visionLayers * layer
                + hidden * config.text().hiddenSize();
        double attention = visionLayers * ATTENTION_FLOPS * patches * patches * hidden;
        return new Work(FLOPS * patches * weights + attention, weights * visionBytesPerWeight);
    }

    /**
     * A prompt of {@code tokens}, all of which see each other, and the logits of the last. Of the last layer the other tokens need keys and
     * values only (their queries are computed with them).
     */
    Work prefill(int tokens) {
        TextConfig t = config.text();
        double lastOutputs = t.hiddenSize() * ((double) t.heads() * t.headDim() + 3.0 * t.intermediateSize());
        double products = tokens * layerWeights() - (tokens - 1) * lastOutputs;
        double attention = attention(tokens) * (tokens - (tokens - 1.0) / textLayers);
        return new Work(FLOPS * products + attention, layerWeights() * bytesPerWeight).plus(logits());
    }

    /**
     * The next token of each of {@code batch} sequences. They share the reading of the weights, but each reads its own keys and values.
     *
     * @param context tokens that each of them sees
     */
    Work decode(int context, int batch) {
        TextConfig t = config.text();
        Work weights = new Work(FLOPS * layerWeights(), layerWeights() * bytesPerWeight).plus(logits());
        double cache = 2.0 * textLayers * context * t.kvHeads() * t.headDim() * Float.BYTES;
        return weights.batched(batch).plus(new Work(batch * attention(context), batch * cache));
    }

    /** Bytes of the weights that a step reads, whatever the batch and the context. */
    double decoderBytes() {
        return decode(0, 1).bytes();
    }

    /** Weights of all decoder layers. */
    private double layerWeights() {
        TextConfig t = config.text();
        double queries = (double) t.heads() * t.headDim();
        double keys = (double) t.kvHeads() * t.headDim();
        double hidden = t.hiddenSize();
        return textLayers * hidden * (2 * queries + 2 * keys + 3.0 * t.intermediateSize());
    }

    private Work logits() {
        double weights = (double) config.text().vocabSize() * config.text().hiddenSize();
        return new Work(FLOPS * weights, weights * bytesPerWeight);
    }

    /** One token that sees {@code context} tokens. */
    private double attention(int context) {
        return textLayers
                * ATTENTION_FLOPS
                * context
                * config.text().heads()
                * config.text().headDim();
    }
}
