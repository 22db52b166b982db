package dev.pg.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What a model directory says about the use of its tokenizer.
 *
 * @param form what becomes of a text first
 * @param before ids in front of a text that fills a fixed length
 * @param after ids behind it; left out if the text brings them itself, where the form is SigLIP's
 * @param padLeft whether padding stands in front
 */
record TokenizerSettings(TextForm form, List<Integer> before, List<Integer> after, boolean padLeft) {
    /** For a tokenizer file by itself. */
    static final TokenizerSettings NONE = new TokenizerSettings(TextForm.AS_IS, List.of(), List.of(), false);

    /**
     * Reads {@code tokenizer_config.json}, the post-processor of {@code tokenizer.json}, and the model type in {@code config.json}:
     * SigLIP 2's files name Gemma's tokenizer class, but mean it lower-cased.
     */
    static TokenizerSettings read(Path directory, TokenizerModel model) {
        JsonNode config = AddedTokenFiles.read(directory.resolve("tokenizer_config.json"));
        TextForm form = form(directory, config, model);
        boolean padLeft = config.path("padding_side").asString("right").equals("left");
        if (form.isSigLip()) {
            List<Integer> end =
                    model.marks().eos() < 0 ? List.of() : List.of(model.marks().eos());
            return new TokenizerSettings(form, List.of(), end, padLeft);
        }
        Path json = directory.resolve("tokenizer.json");
        if (Files.exists(json)) {
            JsonNode rule = TokenizerJson.postProcessor(TokenizerFiles.bytes(json), json.toString());
            if (rule.path("type").asString("").equals("TemplateProcessing")) {
                return fromTemplate(form, rule, padLeft);
            }
        }
        boolean begin =
                config.path("add_bos_token").asBoolean(false) && model.marks().bos() >= 0;
        boolean end =
                config.path("add_eos_token").asBoolean(false) && model.marks().eos() >= 0;
        return new TokenizerSettings(
                form,
                begin ? List.of(model.marks().bos()) : List.of(),
                end ? List.of(model.marks().eos()) : List.of(),
                padLeft);
    }

    private static TextForm form(Path directory, JsonNode config, TokenizerModel model) {
        String type = AddedTokenFiles.read(directory.resolve("config.json"))
                .path("model_type")
                .asString("");
        String tokenizer = config.path("tokenizer_class").asString("");
        boolean lowerCase = config.path("do_lower_case").asBoolean(true);
        if (tokenizer.equals("SiglipTokenizer")
                || (type.startsWith("siglip") && model.segmenter() instanceof Unigram)) {
            return lowerCase ? TextForm.SIGLIP : TextForm.SIGLIP_CASED;
        }
        boolean second = tokenizer.startsWith("Siglip2Tokenizer") || type.startsWith("siglip");
        return second && lowerCase ? TextForm.LOWER_CASE : TextForm.AS_IS;
    }

    /** {@code "single": [{"SpecialToken": {"id": "<bos>"}}, {"Sequence": {"id": "A"}}]}. */
    private static TokenizerSettings fromTemplate(TextForm form, JsonNode template, boolean padLeft) {
        List<Integer> before = new ArrayList<>();
        List<Integer> after = new ArrayList<>();
        List<Integer> ids = before;
        for (JsonNode part : template.path("single")) {
            if (part.has("Sequence")) {
                ids = after;
            }
            String name = part.path("SpecialToken").path("id").asString("");
            for (JsonNode id : template.path("special_tokens").path(name).path("ids")) {
                ids.add(id.asInt(0));
            }
        }
        return new TokenizerSettings(form, List.copyOf(before), List.copyOf(after), padLeft);
    }
}
