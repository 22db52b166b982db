package dev.pg.tokenizer;

import dev.pg.core.JsonTree;
import dev.pg.core.PgException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Reads {@code tokenizer.json} of Hugging Face's tokenizers library, as far as Gemma uses it: byte-pair encoding with ranked merges and
 * byte fallback, spaces replaced by U+2581. Vocabulary and merges are read as a stream, since the file has 35 MB and more than a million
 * strings.
 */
final class TokenizerJson {
    private static final String SPACE_MARK = String.valueOf(Utf8.SPACE_MARK);
    private static final Trie NO_SYMBOLS = new Trie();

    // The vocabulary is a JSON object, so that its quarter of a million keys would all be kept in a table of field
    // names.
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .build();

    private final String source;
    private final List<AddedToken> addedTokens = new ArrayList<>();
    private Normalizer normalizer = normalizer(false, false);
    private JsonNode preTokenizer = JsonTree.object();
    private String[] vocabulary = {}; // by id
    private int vocabularySize;
    private final List<String> merges = new ArrayList<>(); // left, right, left, right, ...
    private String type = "BPE";
    private String unknown = "";
    private boolean byteFallback;
    private boolean ignoreMerges;

    private TokenizerJson(String source) {
        this.source = source;
    }

    /**
     * Parses a {@code tokenizer.json}.
     *
     * @param source the file, for messages
     * @throws PgException if the bytes are no such file, or describe a tokenizer of another kind
     */
    static TokenizerModel parse(byte[] bytes, String source) {
        TokenizerJson file = new TokenizerJson(source);
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), bytes)) {
            file.read(parser);
        } catch (JacksonException e) {
            throw invalid(source, e);
        }
        return file.build();
    }

    /**
     * What the file puts around a text. It stands before the vocabulary, which is most of the file and is not read.
     *
     * @return the object, or a missing node
     * @throws PgException if the bytes are no such file
     */
    static JsonNode postProcessor(byte[] bytes, String source) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), bytes)) {
            begin(parser, source);
            for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                parser.nextToken();
                if (name.equals("post_processor")) {
                    return tree(parser);
                }
                parser.skipChildren();
            }
            return MissingNode.getInstance();
        } catch (JacksonException e) {
            throw invalid(source, e);
        }
    }

    private static PgException invalid(String source, JacksonException e) {
        return new PgException(source + ": not valid JSON (" + e.getOriginalMessage() + "); fetch the file again", e);
    }

    private static void begin(JsonParser parser, String source) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new PgException(source + ": not a JSON object; fetch the file again");
        }
    }

    private void read(JsonParser parser) {
        begin(parser, source);
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            parser.nextToken();
            switch (name) {
                case "added_tokens" -> {
                    for (JsonNode token : tree(parser)) {
                        addedTokens.add(AddedTokenFiles.token(token.path("id").asString(""), token, source));
                    }
                }
                case "normalizer" -> normalizer = normalizer(tree(parser));
                case "pre_tokenizer" -> preTokenizer = tree(parser);
                case "model" -> readModel(parser);
                default -> parser.skipChildren();
            }
        }
    }

    private void readModel(JsonParser parser) {
        expect(parser, JsonToken.START_OBJECT, "model");
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            parser.nextToken();
            switch (name) {
                case "vocab" -> readVocabulary(parser);
                case "merges" -> readMerges(parser);
                case "type" -> type = tree(parser).asString("");
                case "unk_token" -> unknown = tree(parser).asString("");
                case "byte_fallback" -> byteFallback = tree(parser).asBoolean(false);
                case "ignore_merges" -> ignoreMerges = tree(parser).asBoolean(false);
                case "continuing_subword_prefix", "end_of_word_suffix" -> {
                    String affix = tree(parser).asString("");
                    if (!affix.isEmpty()) {
                        throw unsupported("model." + name, affix);
                    }
                }
                default -> parser.skipChildren();
            }
        }
    }

    private void readVocabulary(JsonParser parser) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw unsupported("model.vocab", "a list of pieces and scores");
        }
        for (String piece = parser.nextName(); piece != null; piece = parser.nextName()) {
            expect(parser, parser.nextToken(), JsonToken.VALUE_NUMBER_INT, "model.vocab");
            int id = parser.getIntValue();
            if (id < 0 || id >= AddedTokenFiles.MAX_ID) {
                throw new PgException(source + ": piece \"" + piece + "\" has id " + id + ", which is not in 0 to "
                        + (AddedTokenFiles.MAX_ID - 1) + "; fetch the file again");
            }
            if (id >= vocabulary.length) {
                vocabulary = Arrays.copyOf(vocabulary, Math.max(id + 1, 2 * vocabulary.length));
            }
            if (vocabulary[id] != null) {
                throw new PgException(source + ": pieces \"" + vocabulary[id] + "\" and \"" + piece + "\" share id "
                        + id + "; fetch the file again");
            }
            vocabulary[id] = piece;
            vocabularySize = Math.max(vocabularySize, id + 1);
        }
    }

    /** Each merge is {@code "left right"} or, in newer files, {@code ["left", "right"]}. */
    private void readMerges(JsonParser parser) {
        expect(parser, JsonToken.START_ARRAY, "model.merges");
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == JsonToken.START_ARRAY) {
                for (int side = 0; side < 2; side++) {
                    expect(parser, parser.nextToken(), JsonToken.VALUE_STRING, "model.merges");
                    merges.add(parser.getString());
                }
                expect(parser, parser.nextToken(), JsonToken.END_ARRAY, "model.merges");
            } else {
                expect(parser, JsonToken.VALUE_STRING, "model.merges");
                String merge = parser.getString();
                int space = merge.indexOf(' ');
                if (space < 0 || merge.indexOf(' ', space + 1) >= 0) {
                    throw new PgException(source + ": merge \"" + merge + "\" is not two pieces; fetch the file again");
                }
                merges.add(merge.substring(0, space));
                merges.add(merge.substring(space + 1));
            }
        }
    }

    private TokenizerModel build() {
        if (!type.equals("BPE")) {
            throw unsupported("model.type", type);
        }
        if (vocabularySize == 0) {
            throw new PgException(source + ": no model.vocab; is this a tokenizer.json of Hugging Face's tokenizers?");
        }
        checkPreTokenizer();
        Vocabulary pieces = buildVocabulary();
        Merges ranked = rank(pieces);
        return new TokenizerModel(
                pieces,
                normalizer,
                segmenter(pieces, ranked),
                null,
                TokenizerModel.DEFAULT_UNKNOWN_SURFACE,
                new TokenizerModel.Marks(
                        mark(pieces, "<bos>", "<s>"), mark(pieces, "<eos>", "</s>"), pieces.control("<pad>")),
                addedTokens);
    }

    private Segmenter segmenter(Vocabulary pieces, Merges ranked) {
        Segmenter encoding = new BytePairEncoding(pieces, ranked, NO_SYMBOLS);
        if (!ignoreMerges) {
            return encoding;
        }
        return (bytes, length, out) -> {
            int whole = pieces.id(bytes, 0, length);
            if (whole >= 0) {
                out.piece(whole, bytes, 0, length);
            } else {
                encoding.segment(bytes, length, out);
            }
        };
    }

    private Vocabulary buildVocabulary() {
        Set<Integer> special = new HashSet<>();
        for (AddedToken token : addedTokens) {
            if (token.special()) {
                special.add(token.id());
            }
        }
        Vocabulary.Builder builder = new Vocabulary.Builder(source);
        for (int id = 0; id < vocabularySize; id++) {
            String piece = vocabulary[id];
            if (piece == null) {
                throw new PgException(source + ": no piece has id " + id + ", although " + (vocabularySize - 1)
                        + " is taken; the file is damaged, fetch it again");
            }
            PieceType pieceType = PieceType.NORMAL;
            if (piece.equals(unknown)) {
                pieceType = PieceType.UNKNOWN;
            } else if (byteFallback && isByte(piece)) {
                pieceType = PieceType.BYTE;
            } else if (special.contains(id)) {
                pieceType = PieceType.CONTROL;
            }
            builder.add(Utf8.encode(piece), 0, pieceType);
        }
        return builder.build(byteFallback);
    }

    private static boolean isByte(String piece) {
        return piece.length() == 6 && piece.startsWith("<0x") && piece.endsWith(">");
    }

    private Merges rank(Vocabulary pieces) {
        int count = merges.size() / 2;
        int[] lefts = new int[count];
        int[] rights = new int[count];
        int[] results = new int[count];
        for (int rank = 0; rank < count; rank++) {
            String left = merges.get(2 * rank);
            String right = merges.get(2 * rank + 1);
            lefts[rank] = pieces.id(left);
            rights[rank] = pieces.id(right);
            results[rank] = pieces.id(left + right);
            if (lefts[rank] < 0 || rights[rank] < 0 || results[rank] < 0) {
                throw new PgException(source + ": merge " + rank + " of \"" + left + "\" and \"" + right
                        + "\" is not made of pieces of the vocabulary; fetch the file again");
            }
        }
        return new RankedMerges(lefts, rights, results);
    }

    private static int mark(Vocabulary pieces, String name, String otherName) {
        int id = pieces.control(name);
        return id >= 0 ? id : pieces.control(otherName);
    }

    /** Splitting at spaces means nothing behind a normaliser that leaves none; other rules are not known here. */
    private void checkPreTokenizer() {
        if (preTokenizer.isNull() || preTokenizer.isEmpty()) {
            return;
        }
        boolean atSpaces = preTokenizer.path("type").asString("").equals("Split")
                && preTokenizer.path("pattern").path("String").asString("").equals(" ");
        if (!atSpaces || !normalizer.options().escapeWhitespaces()) {
            throw unsupported("pre_tokenizer", preTokenizer.toString());
        }
    }

    private Normalizer normalizer(JsonNode node) {
        List<JsonNode> steps = new ArrayList<>();
        if (node.path("type").asString("").equals("Sequence")) {
            node.path("normalizers").forEach(steps::add);
        } else if (!node.isNull()) {
            steps.add(node);
        }
        boolean prefix = false;
        boolean escape = false;
        for (JsonNode step : steps) {
            boolean replacesSpaces = step.path("type").asString("").equals("Replace")
                    && step.path("pattern").path("String").asString("").equals(" ")
                    && step.path("content").asString("").equals(SPACE_MARK);
            boolean prepends = step.path("type").asString("").equals("Prepend")
                    && step.path("prepend").asString("").equals(SPACE_MARK);
            if (!replacesSpaces && !prepends) {
                throw unsupported("normalizer", step.toString());
            }
            prefix |= prepends;
            escape |= replacesSpaces;
        }
        return normalizer(prefix && escape, escape);
    }

    private static Normalizer normalizer(boolean addDummyPrefix, boolean escapeWhitespaces) {
        return new Normalizer(
                new Normalizer.Options(addDummyPrefix, false, escapeWhitespaces, false), null, NO_SYMBOLS);
    }

    private static JsonNode tree(JsonParser parser) {
        return JsonTree.read(parser);
    }

    private void expect(JsonParser parser, JsonToken expected, String place) {
        expect(parser, parser.currentToken(), expected, place);
    }

    private void expect(JsonParser parser, JsonToken token, JsonToken expected, String place) {
        if (token != expected) {
            throw new PgException(source + ": " + place + " has " + token + " where " + expected + " belongs, line "
                    + parser.currentLocation().getLineNr() + "; fetch the file again");
        }
    }

    private PgException unsupported(String place, String what) {
        return new PgException(
                source + ": " + place + " " + what
                        + " is not supported (only byte-pair encoding as Gemma has it); use the model's tokenizer.model instead");
    }
}
