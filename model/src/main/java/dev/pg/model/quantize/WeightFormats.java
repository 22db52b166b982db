package dev.pg.model.quantize;

import dev.pg.kernels.Quantization;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which weights are to be quantised, and how. Norms, biases, positions, the convolution over patches and the probe of the pooling head
 * always keep the type of the file: they are small, or the result depends on them too much.
 *
 * @param text format of what is read for every token: embeddings, the layers of decoder or text tower, the output projection. Empty: as
 *     in the file
 * @param vision format of what is read once a picture: the layers of the vision tower and the projector. Empty: as in the file
 */
public record WeightFormats(Optional<Quantization> text, Optional<Quantization> vision) {
    /** Everything as in the file. */
    public static final WeightFormats AS_STORED = new WeightFormats(Optional.empty(), Optional.empty());

    private static final Pattern TEXT = Pattern.compile("lm_head\\.weight"
            + "|(language_model|text_model)\\.(embed_tokens|embeddings\\.token_embedding)\\.weight"
            + "|(language_model|text_model\\.encoder)\\.layers\\.\\d+\\.(self_attn|mlp)\\.\\w+\\.weight");

    private static final Pattern VISION = Pattern.compile("multi_modal_projector\\.linear\\.weight"
            + "|vision_tower\\.encoder\\.layers\\.\\d+\\.(self_attn|mlp)\\.\\w+\\.weight");

    /** The text in {@code format}, all else as in the file. */
    public static WeightFormats text(Quantization format) {
        return new WeightFormats(Optional.of(format), Optional.empty());
    }

    /**
     * The format of one tensor; empty to leave it as it is.
     *
     * @param role what {@link dev.pg.model.ModelTensors} calls it
     */
    public Optional<Quantization> of(String role) {
        if (TEXT.matcher(role).matches()) {
            return text;
        }
        return VISION.matcher(role).matches() ? vision : Optional.empty();
    }
}
