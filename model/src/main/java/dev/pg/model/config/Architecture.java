package dev.pg.model.config;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The kinds of checkpoint that pg runs, told apart by {@code model_type} in {@code config.json}. */
public enum Architecture {
    PALIGEMMA(
            "paligemma",
            "PaliGemma",
            "writes about pictures (caption, describe, ocr, answer, question, detect, segment, generate)"
                    + " and embeds them (embed)"),
    COLPALI("colpali", "ColPali", "embeds pages and queries (embed) and finds pages (search)"),
    GEMMA("gemma", "Gemma", "writes text (generate, chat) and scores it (score)"),
    GEMMA2("gemma2", "Gemma 2", GEMMA.abilities),
    SIGLIP("siglip", "SigLIP", "embeds pictures and texts (embed) and tells which labels fit a picture (classify)"),
    SIGLIP_NAFLEX("siglip2", "SigLIP 2 NaFlex", SIGLIP.abilities),
    SIGLIP_VISION("siglip_vision_model", "SigLIP vision tower", "embeds pictures (embed)"),
    SIGLIP_NAFLEX_VISION("siglip2_vision_model", "SigLIP 2 NaFlex vision tower", SIGLIP_VISION.abilities);

    private final String modelType;
    private final String title;
    private final String abilities;

    Architecture(String modelType, String title, String abilities) {
        this.modelType = modelType;
        this.title = title;
        this.abilities = abilities;
    }

    /**
     * What {@code config} names.
     *
     * @throws dev.pg.core.PgException if it names none of these
     */
    public static Architecture of(ConfigNode config) {
        return find(config)
                .orElseThrow(() -> config.wrong(
                        "model_type",
                        "one of "
                                + Arrays.stream(values())
                                        .map(known -> known.modelType)
                                        .collect(Collectors.joining(", "))));
    }

    /** What {@code config} names, or nothing if pg does not run it. */
    public static Optional<Architecture> find(ConfigNode config) {
        // colpali-engine keeps the model_type of the network that it builds on.
        boolean colPali = config.texts("architectures").contains(COLPALI.title);
        String type = colPali ? COLPALI.modelType : config.text("model_type", "");
        return Arrays.stream(values())
                .filter(known -> known.modelType.equals(type))
                .findFirst();
    }

    /** Its name for people. */
    public String title() {
        return title;
    }

    /** What it can do, as a sentence without its subject: "embeds pictures (embed)"; commands stand in brackets. */
    public String abilities() {
        return abilities;
    }
}
