package dev.pg.tokenizer;

import java.util.Collection;
import java.util.List;

/**
 * Cuts a text at its added tokens: from left to right, the longest at each place, as Hugging Face's tokenizers library does
 * ({@code added_vocabulary.rs}, {@code find_matches}). Immutable.
 *
 * <p>Tokens that are looked for after normalisation are looked for in the raw text too, in a second pass: the normalisers that come
 * with added tokens only rewrite spaces.
 */
final class AddedTokens {
    private final List<AddedToken> tokens;
    private final Trie verbatim = new Trie(); // values are indices into tokens
    private final Trie normalized = new Trie();

    AddedTokens(Collection<AddedToken> tokens) {
        this.tokens = List.copyOf(tokens);
        for (int i = 0; i < this.tokens.size(); i++) {
            AddedToken token = this.tokens.get(i);
            (token.normalized() ? normalized : verbatim).put(Utf8.encode(token.content()), i);
        }
    }

    /** The parts of a cut text, in order. */
    interface Parts {
        /** A stretch without tokens, not empty. */
        void text(int from, int to);

        void token(AddedToken token);
    }

    /** Cuts {@code text}. */
    void split(byte[] text, Parts parts) {
        split(text, 0, text.length, verbatim, new Parts() {
            @Override
            public void text(int from, int to) {
                split(text, from, to, normalized, parts);
            }

            @Override
            public void token(AddedToken token) {
                parts.token(token);
            }
        });
    }

    private void split(byte[] text, int begin, int end, Trie trie, Parts parts) {
        int done = begin;
        int at = trie.isEmpty() ? end : begin;
        while (at < end) {
            int length = trie.longestMatch(text, at, end);
            if (length == 0) {
                at++;
                continue;
            }
            int stop = at + length;
            AddedToken token = tokens.get(trie.valueOf(text, at, stop));
            if (!token.singleWord() || (!wordBefore(text, begin, at) && !wordAt(text, stop, end))) {
                int from = token.leftStrip() ? Math.max(done, spaceBefore(text, begin, at)) : at;
                if (done < from) {
                    parts.text(done, from);
                }
                parts.token(token);
                done = token.rightStrip() ? spaceBehind(text, stop, end) : stop;
            }
            at = stop;
        }
        if (done < end) {
            parts.text(done, end);
        }
    }

    private static boolean wordAt(byte[] text, int at, int end) {
        return at < end && isWord(Utf8.codePoint(text, at, end));
    }

    private static boolean wordBefore(byte[] text, int begin, int at) {
        return at > begin && isWord(Utf8.codePoint(text, Utf8.previous(text, begin, at), at));
    }

    private static int spaceBehind(byte[] text, int from, int end) {
        int at = from;
        while (at < end && isSpace(Utf8.codePoint(text, at, end))) {
            at += Utf8.length(text, at, end);
        }
        return at;
    }

    private static int spaceBefore(byte[] text, int begin, int to) {
        int at = to;
        while (at > begin) {
            int previous = Utf8.previous(text, begin, at);
            if (!isSpace(Utf8.codePoint(text, previous, at))) {
                break;
            }
            at = previous;
        }
        return at;
    }

    /** Unicode's White_Space. */
    private static boolean isSpace(int codePoint) {
        return (codePoint >= '\t' && codePoint <= '\r') || codePoint == 0x85 || Character.isSpaceChar(codePoint);
    }

    /** {@code \w} of Unicode regular expressions (UTS 18, annex C). */
    private static boolean isWord(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.NON_SPACING_MARK,
                    Character.COMBINING_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.DECIMAL_DIGIT_NUMBER,
                    Character.CONNECTOR_PUNCTUATION -> true;
            default -> Character.isAlphabetic(codePoint) || codePoint == 0x200C || codePoint == 0x200D;
        };
    }
}
