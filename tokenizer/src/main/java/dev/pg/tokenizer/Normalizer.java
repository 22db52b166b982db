package dev.pg.tokenizer;

import java.util.Arrays;

/**
 * What happens to a text before it is cut into pieces: characters are replaced (NFKC, case folding), runs of spaces shrink, spaces
 * become U+2581, and one is put in front (or behind). Follows SentencePiece's {@code normalizer.cc}. Immutable.
 */
final class Normalizer {
    private static final byte[] SPACE = {' '};
    private static final byte[] SPACE_MARK = Utf8.encode(String.valueOf(Utf8.SPACE_MARK));
    private static final byte[] REPLACEMENT = Utf8.encode("\uFFFD");

    /**
     * The switches of a {@code NormalizerSpec}.
     *
     * @param addDummyPrefix whether a space is put in front of the text (behind it with {@code whitespaceAsSuffix})
     * @param removeExtraWhitespaces whether leading, trailing and repeated spaces go
     * @param escapeWhitespaces whether spaces become U+2581
     * @param whitespaceAsSuffix whether spaces belong to the word before them
     */
    record Options(
            boolean addDummyPrefix,
            boolean removeExtraWhitespaces,
            boolean escapeWhitespaces,
            boolean whitespaceAsSuffix) {}

    private final Options options;
    private final Charsmap charsmap; // null: characters stay as they are
    private final Trie untouched;

    /**
     * @param charsmap replacements, or null
     * @param untouched texts (user-defined symbols) that no replacement may touch
     */
    Normalizer(Options options, Charsmap charsmap, Trie untouched) {
        this.options = options;
        this.charsmap = charsmap;
        this.untouched = untouched;
    }

    Options options() {
        return options;
    }

    /** A normalised text: {@code bytes[0, length)}. */
    static final class Result {
        private final byte[] space;
        byte[] bytes;
        int length;

        private Result(int expected, byte[] space) {
            this.bytes = new byte[expected];
            this.space = space;
        }

        private void append(byte[] source, int from, int to) {
            int needed = length + (to - from);
            if (needed > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length + (bytes.length >> 1)));
            }
            if (to - from == 1) {
                bytes[length] = source[from];
            } else {
                System.arraycopy(source, from, bytes, length, to - from);
            }
            length = needed;
        }

        private void appendSpace() {
            append(space, 0, space.length);
        }

        private boolean endsWithSpace() {
            return length >= space.length
                    && Arrays.equals(bytes, length - space.length, length, space, 0, space.length);
        }
    }

    /** Normalises a text in UTF-8. */
    Result normalize(byte[] text) {
        byte[] space = options.escapeWhitespaces ? SPACE_MARK : SPACE;
        Result out = new Result(text.length + (text.length >> 1) + 16, space);
        Chunk chunk = new Chunk();
        int at = 0;
        if (options.removeExtraWhitespaces) {
            while (at < text.length && next(text, at, chunk).isSpace()) {
                at += chunk.consumed;
            }
        }
        if (at == text.length) {
            return out;
        }
        if (options.addDummyPrefix && !options.whitespaceAsSuffix) {
            out.appendSpace();
        }
        boolean afterSpace = options.removeExtraWhitespaces;
        while (at < text.length) {
            next(text, at, chunk);
            at += chunk.consumed;
            int from = chunk.from;
            while (afterSpace && from < chunk.to && chunk.bytes[from] == ' ') {
                from++;
            }
            if (from < chunk.to) {
                copy(chunk.bytes, from, chunk.to, out);
                afterSpace = options.removeExtraWhitespaces && chunk.bytes[chunk.to - 1] == ' ';
            }
        }
        if (options.removeExtraWhitespaces) {
            while (out.endsWithSpace()) {
                out.length -= space.length;
            }
        }
        if (options.addDummyPrefix && options.whitespaceAsSuffix) {
            out.appendSpace();
        }
        return out;
    }

    private static void copy(byte[] bytes, int from, int to, Result out) {
        int start = from;
        for (int i = from; i < to; i++) {
            if (bytes[i] == ' ') {
                out.append(bytes, start, i);
                out.appendSpace();
                start = i + 1;
            }
        }
        if (start < to) {
            out.append(bytes, start, to);
        }
    }

    /** The next stretch of text that is replaced as a whole, and what stands for it: {@code bytes[from, to)}. */
    private static final class Chunk {
        private final Charsmap.Match match = new Charsmap.Match();
        private int consumed;
        private byte[] bytes;
        private int from;
        private int to;

        private Chunk set(int consumed, byte[] bytes, int from, int to) {
            this.consumed = consumed;
            this.bytes = bytes;
            this.from = from;
            this.to = to;
            return this;
        }

        private boolean isSpace() {
            return to - from == 1 && bytes[from] == ' ';
        }
    }

    private Chunk next(byte[] text, int at, Chunk chunk) {
        int symbol = untouched.longestMatch(text, at, text.length);
        if (symbol > 0) {
            return chunk.set(symbol, text, at, at + symbol);
        }
        if (charsmap != null && charsmap.find(text, at, text.length, chunk.match)) {
            return chunk.set(chunk.match.length, charsmap.replacements(), chunk.match.from, chunk.match.to);
        }
        int character = Utf8.character(text, at, text.length);
        // Possible only behind a user-defined symbol that ends inside of a character.
        return character > 0
                ? chunk.set(character, text, at, at + character)
                : chunk.set(1, REPLACEMENT, 0, REPLACEMENT.length);
    }
}
