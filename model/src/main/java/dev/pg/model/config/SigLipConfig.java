package dev.pg.model.config;

import java.util.Optional;

/**
 * What the {@code config.json} of a SigLIP says.
 *
 * @param vision the vision tower
 * @param text the text tower; empty for a vision-only checkpoint
 */
public record SigLipConfig(VisionConfig vision, Optional<SigLipTextConfig> text) {
    /**
     * Reads a whole {@code config.json}.
     *
     * @param architecture one of the SigLIP ones
     * @throws dev.pg.core.PgException if a value is impossible, or the towers' embeddings do not have one width
     */
    public static SigLipConfig read(ConfigNode node, Architecture architecture) {
        return switch (architecture) {
            case SIGLIP -> dual(node, VisionConfig.read(node.object("vision_config")));
            case SIGLIP_NAFLEX -> dual(node, VisionConfig.readNaFlex(node.object("vision_config")));
            case SIGLIP_VISION -> new SigLipConfig(VisionConfig.read(node), Optional.empty());
            case SIGLIP_NAFLEX_VISION -> new SigLipConfig(VisionConfig.readNaFlex(node), Optional.empty());
            default -> throw new IllegalArgumentException(architecture + " is no SigLIP");
        };
    }

    private static SigLipConfig dual(ConfigNode node, VisionConfig vision) {
        SigLipTextConfig text = SigLipTextConfig.read(node.object("text_config"));
        if (text.projectionSize() != vision.hiddenSize()) {
            throw node.object("text_config")
                    .wrong("projection_size", "the vision tower's hidden_size " + vision.hiddenSize());
        }
        return new SigLipConfig(vision, Optional.of(text));
    }
}
