package dev.pg.model.config;

/**
 * What a PaliGemma {@code config.json} says.
 *
 * @param vision the SigLIP tower
 * @param text the Gemma decoder
 * @param imageTokenId id of {@code <image>}, whose rows the image features replace
 */
public record PaliGemmaConfig(VisionConfig vision, TextConfig text, int imageTokenId) {
    /**
     * Reads a whole {@code config.json} of model type "paligemma". The top-level {@code hidden_size} is not used: the files of
     * PaliGemma 2 omit it or let it say 2048 whatever the decoder's width is.
     *
     * @throws dev.pg.core.PgException if a value is impossible
     */
    public static PaliGemmaConfig read(ConfigNode node) {
        TextConfig text = TextConfig.read(node.object("text_config"), node.bool("tie_word_embeddings", true));
        String key = node.has("image_token_id") ? "image_token_id" : "image_token_index";
        int imageTokenId = node.integer(key, 256000, 0, Integer.MAX_VALUE);
        if (imageTokenId >= text.vocabSize()) {
            throw node.wrong(key, "an id below the decoder's vocab_size " + text.vocabSize());
        }
        return new PaliGemmaConfig(VisionConfig.read(node.object("vision_config")), text, imageTokenId);
    }
}
