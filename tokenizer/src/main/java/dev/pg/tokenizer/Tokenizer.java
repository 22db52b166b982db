package dev.pg.tokenizer;

import dev.pg.core.PgException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Text to ids and back: SentencePiece (byte-pair encoding or unigram), with the tokens that Hugging Face adds around it. Immutable and
 * safe for any number of threads.
 *
 * <p>Ids and texts equal those of the sentencepiece library; where a model directory lists added tokens, ids equal those of Hugging Face's
 * tokenizers. No id is added at either end. Java strings may hold lone surrogates, which no encoding of Unicode can write: each counts as
 * U+FFFD.
 */
public final class Tokenizer {
    private final TokenizerModel model;
    private final AddedTokens addedTokens;
    private final Map<Integer, AddedToken> byId = new HashMap<>(); // tokens that are not simply pieces of the same text
    private final Map<String, Integer> byContent = new HashMap<>(); // the same, by text
    private final int size;

    Tokenizer(TokenizerModel model) {
        this.model = model;
        this.addedTokens = new AddedTokens(model.addedTokens());
        int ids = model.vocabulary().size();
        for (AddedToken token : model.addedTokens()) {
            if (token.id() >= model.vocabulary().size()
                    || !model.vocabulary().piece(token.id()).equals(token.content())) {
                byId.put(token.id(), token);
                byContent.put(token.content(), token.id());
            }
            ids = Math.max(ids, token.id() + 1);
        }
        size = ids;
    }

    /**
     * Opens a tokenizer.
     *
     * <p>A directory is read as Hugging Face lays it out: {@code tokenizer.model} or {@code spiece.model}, else {@code tokenizer.json}, with
     * the added tokens of {@code tokenizer.json}, {@code added_tokens.json} and {@code tokenizer_config.json}, which are found in text
     * before anything else. Settings that add ids at the ends ({@code add_bos_token}) are ignored. A single file is read alone: from a
     * {@code .model} file alone only user-defined pieces are found as a whole, marks such as {@code <bos>} are ordinary text.
     *
     * @param modelDirOrFile the directory or file, of any file system
     * @throws PgException if there is no tokenizer or it cannot be used
     */
    public static Tokenizer open(Path modelDirOrFile) {
        return new Tokenizer(TokenizerFiles.read(modelDirOrFile));
    }

    /**
     * The ids of a text.
     *
     * @param text any text; takes O(n log n)
     */
    public int[] encode(String text) {
        return collect(text, false).ids();
    }

    /** The ids of a text together with the text that each stands for. */
    public Encoding encodeWithPieces(String text) {
        PieceCollector collector = collect(text, true);
        return new Encoding(Arrays.stream(collector.ids()).boxed().toList(), collector.pieces());
    }

    private PieceCollector collect(String text, boolean wantPieces) {
        byte[] bytes = Utf8.encode(text);
        PieceCollector collector = new PieceCollector(model.vocabulary(), wantPieces);
        addedTokens.split(bytes, new AddedTokens.Parts() {
            @Override
            public void text(int from, int to) {
                boolean all = to - from == bytes.length;
                Normalizer.Result normal =
                        model.normalizer().normalize(all ? bytes : Arrays.copyOfRange(bytes, from, to));
                model.segmenter().segment(normal.bytes, normal.length, collector);
                collector.endUnknown();
            }

            @Override
            public void token(AddedToken token) {
                collector.token(token);
            }
        });
        return collector;
    }

    /**
     * The text of ids. Control pieces and special added tokens are invisible, and so is an id of {@link #size} or more: embedding tables
     * are often padded beyond the vocabulary, and such a row may win. Bytes that make no UTF-8 character become U+FFFD one by one.
     *
     * @throws PgException if an id is negative
     */
    public String decode(int... ids) {
        TextStream stream = stream();
        for (int id : ids) {
            stream.append(id);
        }
        return stream.finish();
    }

    /** Begins to decode ids one by one. */
    public TextStream stream() {
        return new TextStream(this);
    }

    /** The pieces of ids, as {@link #piece} gives them. */
    public List<String> pieces(int... ids) {
        List<String> pieces = new ArrayList<>(ids.length);
        for (int id : ids) {
            pieces.add(piece(id));
        }
        return pieces;
    }

    /** Number of ids, added tokens included: ids are smaller than this. */
    public int size() {
        return size;
    }

    /**
     * The piece of an id, with U+2581 for a space; empty for an id that no token has.
     *
     * @param id 0 to {@link #size} - 1
     * @throws PgException for another id
     */
    public String piece(int id) {
        if (id < 0 || id >= size) {
            throw new PgException("token id " + id + " is not in this vocabulary of " + size
                    + " ids; ids and tokenizer must belong to one model");
        }
        AddedToken token = byId.get(id);
        if (token != null) {
            return token.content();
        }
        return id < model.vocabulary().size() ? model.vocabulary().piece(id) : "";
    }

    /** The id of a piece or added token, if there is one of exactly this text. */
    public OptionalInt id(String piece) {
        Integer added = byContent.get(piece);
        int id = added != null ? added : model.vocabulary().id(piece);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** The id of the unknown piece. */
    public int unkId() {
        return model.vocabulary().unknown();
    }

    /** The id that begins a sequence, or -1 if there is none. */
    public int bosId() {
        return model.marks().bos();
    }

    /** The id that ends a sequence, or -1 if there is none. */
    public int eosId() {
        return model.marks().eos();
    }

    /** The id that fills up a sequence, or -1 if there is none. */
    public int padId() {
        return model.marks().pad();
    }

    TokenizerModel model() {
        return model;
    }

    /** Whether an id is decoded as the vocabulary says. */
    boolean isPiece(int id) {
        if (id < 0) {
            throw new PgException("token id " + id + " is negative; ids start at 0");
        }
        return id < model.vocabulary().size() && !byId.containsKey(id);
    }

    /** The text of an id that is not {@link #isPiece}. */
    String visibleContent(int id) {
        AddedToken token = byId.get(id);
        return token == null || token.special() ? "" : token.content();
    }
}
