package dev.pg.tokenizer;

import dev.pg.core.JsonTree;
import dev.pg.core.PgException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Reads what Hugging Face keeps beside a tokenizer: {@code added_tokens.json} (text to id) and {@code tokenizer_config.json} (the same with
 * flags, and which tokens begin, end and pad a sequence). Either may be absent.
 */
final class AddedTokenFiles {
    /** More ids than any model has rows; keeps a damaged file from asking for huge tables. */
    static final int MAX_ID = 1 << 24;

    private static final List<String> MARKS = List.of("bos_token", "eos_token", "unk_token", "pad_token");

    private final Vocabulary vocabulary;
    private final Map<String, AddedToken> tokens = new LinkedHashMap<>(); // by content

    private AddedTokenFiles(TokenizerModel model) {
        vocabulary = model.vocabulary();
        for (AddedToken token : model.addedTokens()) {
            tokens.put(token.content(), token);
        }
    }

    /** The model with the tokens and marks of the files in its directory. */
    static TokenizerModel extend(TokenizerModel model, Path directory) {
        AddedTokenFiles files = new AddedTokenFiles(model);
        JsonNode config = read(directory.resolve("tokenizer_config.json"));
        files.addDecoder(config.path("added_tokens_decoder"), directory.resolve("tokenizer_config.json"));
        files.addIds(read(directory.resolve("added_tokens.json")), directory.resolve("added_tokens.json"));
        files.addMarks(config);
        TokenizerModel.Marks marks = model.marks();
        return new TokenizerModel(
                model.vocabulary(),
                model.normalizer(),
                model.segmenter(),
                model.denormalizer(),
                model.unknownSurface(),
                new TokenizerModel.Marks(
                        files.mark(config, "bos_token", marks.bos()),
                        files.mark(config, "eos_token", marks.eos()),
                        files.mark(config, "pad_token", marks.pad())),
                List.copyOf(files.tokens.values()));
    }

    /** The object in a file; an empty one if there is no such file. */
    static JsonNode read(Path file) {
        if (!Files.exists(file)) {
            return JsonTree.object();
        }
        try {
            JsonNode node = JsonTree.read(TokenizerFiles.bytes(file));
            if (!node.isObject()) {
                throw new PgException(file + ": not a JSON object; fetch the file again");
            }
            return node;
        } catch (JacksonException e) {
            throw new PgException(file + ": not valid JSON (" + e.getOriginalMessage() + "); fetch the file again", e);
        }
    }

    /** {@code "added_tokens_decoder": {"257152": {"content": "<image>", "special": true, …}}}. */
    private void addDecoder(JsonNode decoder, Path file) {
        for (Map.Entry<String, JsonNode> entry : decoder.properties()) {
            add(token(entry.getKey(), entry.getValue(), file.toString()));
        }
    }

    /** {@code {"<image>": 257152}}. */
    private void addIds(JsonNode ids, Path file) {
        for (Map.Entry<String, JsonNode> entry : ids.properties()) {
            int id = id(entry.getValue().asString(""), file.toString());
            String content = bounded(entry.getKey(), file.toString());
            if (!tokens.containsKey(content)) {
                add(new AddedToken(id, content, false, false, false, false, false));
            }
        }
    }

    /** Marks that only have a name here, as in files of older versions, are special tokens all the same. */
    private void addMarks(JsonNode config) {
        for (String mark : MARKS) {
            addMark(content(config.path(mark)));
        }
        for (JsonNode token : config.path("additional_special_tokens")) {
            addMark(content(token));
        }
    }

    private void addMark(String content) {
        AddedToken token = tokens.get(content);
        if (token == null) {
            int id = vocabulary.id(content);
            if (id >= 0) {
                add(new AddedToken(id, content, true, false, false, false, false));
            }
        } else if (!token.special()) {
            tokens.put(
                    content,
                    new AddedToken(
                            token.id(),
                            content,
                            true,
                            token.leftStrip(),
                            token.rightStrip(),
                            token.singleWord(),
                            token.normalized()));
        }
    }

    private void add(AddedToken token) {
        if (!token.content().isEmpty()) {
            tokens.put(token.content(), token.settledIn(vocabulary));
        }
    }

    private int mark(JsonNode config, String name, int otherwise) {
        String content = content(config.path(name));
        AddedToken token = tokens.get(content);
        return token == null ? otherwise : token.id();
    }

    /** A token is written as its text or as an object. */
    private static String content(JsonNode token) {
        return token.isObject() ? token.path("content").asString("") : token.asString("");
    }

    /**
     * An added token as {@code tokenizer_config.json} and {@code tokenizer.json} describe it.
     *
     * @throws PgException if the id is not one, or the text is too long
     */
    static AddedToken token(String id, JsonNode token, String source) {
        return new AddedToken(
                id(id, source),
                bounded(token.path("content").asString(""), source),
                token.path("special").asBoolean(false),
                token.path("lstrip").asBoolean(false),
                token.path("rstrip").asBoolean(false),
                token.path("single_word").asBoolean(false),
                token.path("normalized").asBoolean(false));
    }

    /** Like pieces, tokens have bounded length, which bounds the cost of a match. */
    private static String bounded(String content, String source) {
        if (content.length() > Vocabulary.MAX_PIECE_BYTES) {
            throw new PgException(source + ": an added token of " + content.length() + " characters, more than "
                    + Vocabulary.MAX_PIECE_BYTES + "; fetch the file again");
        }
        return content;
    }

    private static int id(String text, String source) {
        try {
            int id = Integer.parseInt(text);
            if (id >= 0 && id < MAX_ID) {
                return id;
            }
        } catch (NumberFormatException e) {
            throw new PgException(source + ": \"" + text + "\" is not a token id; fetch the file again", e);
        }
        throw new PgException(
                source + ": token id " + text + " is not in 0 to " + (MAX_ID - 1) + "; fetch the file again");
    }
}
