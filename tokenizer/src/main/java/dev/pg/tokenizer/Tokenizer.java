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
    private final TokenizerSettings settings;
    private final AddedTokens addedTokens;
    private final Map<Integer, AddedToken> byId = new HashMap<>(); // tokens that are not simply pieces of the same text
    private final Map<String, Integer> byContent = new HashMap<>(); // the same, by text
    private final int size;

    Tokenizer(TokenizerModel model, TokenizerSettings settings) {
        this.model = model;
        this.settings = settings;
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
        return TokenizerFiles.open(modelDirOrFile);
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

    /**
     * The ids of a text for a model that reads texts of one length: with the ids that the directory's files put at the ends, cut behind
     * so that they fit, and filled up with the padding token; as transformers has it with {@code padding="max_length"} and {@code
     * truncation=True}.
     *
     * @param length how many ids, at least as many as stand at the ends
     */
    public Padded encode(String text, int length) {
        int[] ids = encode(text);
        int[] before = ends(settings.before());
        int[] after = ends(settings.after());
        int kept = Math.min(ids.length, length - before.length - after.length);
        if (kept < 0) {
            throw new PgException("a length of " + length + " has no room for the ids at the ends of a text");
        }
        boolean closed = settings.form().isSigLip() && kept > 0 && after.length > 0 && ids[kept - 1] == after[0];
        int[] framed = new int[before.length + kept + (closed ? 0 : after.length)];
        System.arraycopy(before, 0, framed, 0, before.length);
        System.arraycopy(ids, 0, framed, before.length, kept);
        System.arraycopy(after, 0, framed, before.length + kept, framed.length - before.length - kept);
        int[] padded = new int[length];
        Arrays.fill(padded, Math.max(0, padId()));
        System.arraycopy(framed, 0, padded, settings.padLeft() ? length - framed.length : 0, framed.length);
        return new Padded(padded, ids.length - kept);
    }

    private static int[] ends(List<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Whether {@link #canonical} changes texts. */
    public boolean canonicalises() {
        return settings.form() != TextForm.AS_IS;
    }

    /**
     * A text in the form in which a SigLIP's tokenizer reads it: lower-cased, and for the first generation without ASCII punctuation and
     * with single spaces. Other tokenizers read it as it is.
     */
    public String canonical(String text) {
        return settings.form().canonical(text);
    }

    private PieceCollector collect(String text, boolean wantPieces) {
        PieceCollector collector = new PieceCollector(model.vocabulary(), wantPieces);
        if (settings.form().isSigLip()) {
            // The mark makes sure of a space in front, whatever the model's own rule is.
            String marked = Utf8.SPACE_MARK + text.replace(Utf8.SPACE_MARK, ' ');
            cut(Utf8.encode(marked), collector, this::segmentCanonical);
        } else {
            cut(Utf8.encode(settings.form().canonical(text)), collector, this::segment);
        }
        return collector;
    }

    /** What cuts a stretch of text without added tokens. */
    private interface Cutter {
        void cut(byte[] text, PieceCollector collector);
    }

    private void cut(byte[] bytes, PieceCollector collector, Cutter cutter) {
        addedTokens.split(bytes, new AddedTokens.Parts() {
            @Override
            public void text(int from, int to) {
                boolean all = to - from == bytes.length;
                cutter.cut(all ? bytes : Arrays.copyOfRange(bytes, from, to), collector);
                collector.endUnknown();
            }

            @Override
            public void token(AddedToken token) {
                collector.token(token);
            }
        });
    }

    private void segment(byte[] text, PieceCollector collector) {
        Normalizer.Result normal = model.normalizer().normalize(text);
        model.segmenter().segment(normal.bytes, normal.length, collector);
    }

    /**
     * As {@code SiglipTokenizer._tokenize}: the unknown piece's name is put in front and its pieces are taken away again, so that
     * SentencePiece puts no space before a text that follows an added token.
     */
    private void segmentCanonical(byte[] text, PieceCollector collector) {
        String canonical = settings.form().canonical(Utf8.decode(text, 0, text.length));
        String name = model.vocabulary().piece(unkId());
        PieceCollector prefix = new PieceCollector(model.vocabulary(), false);
        segment(Utf8.encode(name), prefix);
        PieceCollector all = new PieceCollector(model.vocabulary(), collector.pieces() != null);
        segment(Utf8.encode(name + canonical), all);
        collector.addAll(all, prefix.ids().length);
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
