package dev.pg.tokenizer;

/**
 * Which pairs of neighbouring characters occur inside of any piece. Where a text holds another pair, no merge can ever cross, so that
 * byte-pair encoding may treat both sides on their own: in most vocabularies that is every word. A hashed bit set: a wrong "may
 * occur" costs a little time and changes nothing.
 */
final class Bigrams {
    private static final int BITS = 20;
    private final long[] bits = new long[1 << (BITS - 6)];

    Bigrams(Vocabulary vocabulary) {
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.type(id).matchesText()) {
                byte[] piece = vocabulary.bytes(id);
                int at = Utf8.length(piece, 0, piece.length);
                int left = pack(piece, 0, at);
                while (at < piece.length) {
                    int end = at + Utf8.length(piece, at, piece.length);
                    int right = pack(piece, at, end);
                    int bit = bit(left, right);
                    bits[bit >> 6] |= 1L << bit;
                    left = right;
                    at = end;
                }
            }
        }
    }

    /** The bytes of a character as one number. */
    static int pack(byte[] bytes, int from, int to) {
        int packed = 0;
        for (int i = from; i < to; i++) {
            packed = (packed << 8) | (bytes[i] & 0xFF);
        }
        return packed;
    }

    /** Whether some piece may hold these two characters side by side. */
    boolean mayContain(int left, int right) {
        int bit = bit(left, right);
        return (bits[bit >> 6] & 1L << bit) != 0;
    }

    private static int bit(int left, int right) {
        return ((left * 0x9E3779B1 + right) * 0x85EBCA6B) >>> (32 - BITS);
    }
}
