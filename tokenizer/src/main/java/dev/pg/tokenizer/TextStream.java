package dev.pg.tokenizer;

/**
 * Decodes ids one by one, as they are generated. What {@link #push} and {@link #finish} return, put together, is exactly what
 * {@link Tokenizer#decode} gives for all ids at once; a character that is spelled in bytes comes out when it is complete. (With a model
 * that has a denormaliser, which may look at any two characters, all text comes out at the end.) For one text and one thread.
 */
public final class TextStream {
    private final Tokenizer tokenizer;
    private final StringBuilder out = new StringBuilder();
    private final byte[] pending = new byte[4]; // the beginning of a character
    private int pendingCount;
    private boolean empty = true; // nothing decoded yet
    private boolean atStart = true; // a leading space is still to be dropped
    private boolean leadingSpaceSeen;

    TextStream(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * Takes the next id.
     *
     * @param id see {@link Tokenizer#decode}
     * @return the text that is certain now, often empty
     */
    public String push(int id) {
        append(id);
        return tokenizer.model().denormalizer() == null ? take() : "";
    }

    /**
     * Ends the text.
     *
     * @return what was held back: U+FFFD for each byte of a character that was never completed
     */
    public String finish() {
        drain(true);
        Normalizer denormalizer = tokenizer.model().denormalizer();
        String text = take();
        if (denormalizer == null) {
            return text;
        }
        Normalizer.Result result = denormalizer.normalize(Utf8.encode(text));
        return Utf8.decode(result.bytes, 0, result.length);
    }

    private String take() {
        String text = out.toString();
        out.setLength(0);
        return text;
    }

    /** {@link #push} without handing text out. Follows SentencePiece's {@code SentencePieceProcessor::Decode}. */
    void append(int id) {
        Vocabulary vocabulary = tokenizer.model().vocabulary();
        if (tokenizer.isPiece(id) && vocabulary.type(id) == PieceType.BYTE) {
            pending[pendingCount++] = vocabulary.byteOf(id);
            drain(false);
            return;
        }
        drain(true);
        if (leadingSpaceSeen || !empty) {
            atStart = false;
        }
        leadingSpaceSeen = false;
        if (tokenizer.isPiece(id)) {
            switch (vocabulary.type(id)) {
                case CONTROL -> {}
                case UNKNOWN -> emit(tokenizer.model().unknownSurface());
                default -> emit(withoutLeadingSpace(vocabulary.piece(id)).replace(Utf8.SPACE_MARK, ' '));
            }
        } else {
            emit(tokenizer.visibleContent(id));
        }
    }

    /** Takes away the space that encoding put in front: one of it, or every leading one if encoding removes extra ones. */
    private String withoutLeadingSpace(String piece) {
        Normalizer.Options options = tokenizer.model().normalizer().options();
        boolean drop = atStart && (options.addDummyPrefix() || options.removeExtraWhitespaces());
        if (!drop || piece.isEmpty() || piece.charAt(0) != Utf8.SPACE_MARK) {
            return piece;
        }
        leadingSpaceSeen = !options.removeExtraWhitespaces();
        return piece.substring(1);
    }

    private void emit(String text) {
        out.append(text);
        empty &= text.isEmpty();
    }

    /** Decodes the bytes that wait; if no byte follows, also those that are incomplete: one U+FFFD for each bad byte. */
    private void drain(boolean complete) {
        int at = 0;
        while (at < pendingCount) {
            int length = Utf8.character(pending, at, pendingCount);
            if (length < 0 && !complete) {
                break;
            }
            emit(length > 0 ? Utf8.decode(pending, at, at + length) : "\uFFFD");
            at += Math.max(1, length);
        }
        pendingCount -= at;
        System.arraycopy(pending, at, pending, 0, pendingCount);
    }
}
