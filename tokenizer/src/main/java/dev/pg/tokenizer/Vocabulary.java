package dev.pg.tokenizer;

import dev.pg.core.PgException;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The pieces of a model: text, score and type by id, and id by text. All texts lie in one block of UTF-8 and the index is an array
 * of ids, because a quarter of a million strings and map entries would cost more time at start-up than everything else together.
 * Immutable, hence safe for any number of threads.
 *
 * <p>Hashes are polynomials over the bytes, so that the hash of two joined texts follows from their own: {@link #joinedHash}. A
 * merge that leads nowhere, which is the common case in byte-pair encoding, is thus refused without looking at its text.
 */
final class Vocabulary {
    /** Longer pieces are refused: they bound the cost of a match. SentencePiece itself makes pieces of at most 512 characters. */
    static final int MAX_PIECE_BYTES = 2048;

    /** Drawn anew in every process, so that no file can be made whose pieces all collide. */
    private static final long BASE = ThreadLocalRandom.current().nextLong() | 1;

    private final byte[] text;
    private final int[] ends; // text of piece i: [ends[i], ends[i + 1])
    private final float[] scores;
    private final PieceType[] types;
    private final int[] slots; // open addressing; id + 1, 0 is empty
    private final int shift;
    private final long[] powers; // BASE^i up to the longest piece
    private final int unknown;
    private final boolean hasUnused;
    private final int[] bytePieces; // id by byte; null: no byte fallback

    private Vocabulary(Builder pieces, boolean byteFallback) {
        text = Arrays.copyOf(pieces.text, pieces.ends[pieces.size]);
        ends = Arrays.copyOf(pieces.ends, pieces.size + 1);
        scores = Arrays.copyOf(pieces.scores, pieces.size);
        types = Arrays.copyOf(pieces.types, pieces.size);
        int bits = 34 - Integer.numberOfLeadingZeros(Math.max(1, pieces.size));
        slots = new int[1 << bits]; // at most a quarter full
        shift = 64 - bits;
        int longest = 0;
        for (int id = 0; id < pieces.size; id++) {
            longest = Math.max(longest, ends[id + 1] - ends[id]);
        }
        powers = new long[longest + 1];
        powers[0] = 1;
        for (int i = 1; i <= longest; i++) {
            powers[i] = powers[i - 1] * BASE;
        }
        int unknownId = -1;
        boolean unused = false;
        for (int id = 0; id < pieces.size; id++) {
            enter(id, pieces.source);
            unused |= types[id] == PieceType.UNUSED;
            if (types[id] == PieceType.BYTE && !byteFallback) {
                throw new PgException(pieces.source + ": byte piece \"" + piece(id)
                        + "\" although byte fallback is off; the file is damaged, fetch it again");
            }
            if (types[id] == PieceType.UNKNOWN) {
                if (unknownId >= 0) {
                    throw new PgException(pieces.source + ": pieces " + unknownId + " and " + id
                            + " are both the unknown piece; the file is damaged, fetch it again");
                }
                unknownId = id;
            }
        }
        if (unknownId < 0) {
            throw new PgException(pieces.source + ": none of its " + pieces.size
                    + " pieces is the unknown piece; the file is cut off or damaged, fetch it again");
        }
        unknown = unknownId;
        hasUnused = unused;
        bytePieces = byteFallback ? findBytePieces(pieces.source) : null;
    }

    private int[] findBytePieces(String source) {
        int[] ids = new int[256];
        Arrays.fill(ids, -1);
        for (int id = 0; id < types.length; id++) {
            if (types[id] == PieceType.BYTE) {
                int value = byteOf(text, ends[id], ends[id + 1]);
                if (value < 0) {
                    throw new PgException(source + ": byte piece \"" + piece(id)
                            + "\" is not one of <0x00> to <0xFF>; the file is damaged, fetch it again");
                }
                ids[value] = id;
            }
        }
        for (int b = 0; b < 256; b++) {
            if (ids[b] < 0) {
                throw new PgException(String.format(
                        "%s: byte fallback is on, but byte piece <0x%02X> is missing; the file is damaged, fetch it again",
                        source, b));
            }
        }
        return ids;
    }

    private void enter(int id, String source) {
        long hash = hash(text, ends[id], ends[id + 1]);
        int slot = slot(hash);
        while (slots[slot] != 0) {
            int other = slots[slot] - 1;
            if (Arrays.equals(text, ends[other], ends[other + 1], text, ends[id], ends[id + 1])) {
                if (types[other].matchesText() == types[id].matchesText()) {
                    throw new PgException(source + ": piece \"" + piece(id) + "\" occurs twice, as id " + other
                            + " and as id " + id + "; the file is damaged, fetch it again");
                }
                // As in SentencePiece, a reserved piece hides the ordinary one of the same text.
                if (types[other].matchesText()) {
                    slots[slot] = id + 1;
                }
                return;
            }
            slot = (slot + 1) & (slots.length - 1);
        }
        slots[slot] = id + 1;
    }

    private int slot(long hash) {
        return (int) ((hash * 0x9E3779B97F4A7C15L) >>> shift);
    }

    static long hash(byte[] bytes, int from, int to) {
        long hash = 0;
        for (int i = from; i < to; i++) {
            hash = hash * BASE + bytes[i];
        }
        return hash;
    }

    /**
     * The hash of two texts one after the other.
     *
     * @param rightLength bytes of the right text, at most {@link #longest}
     */
    long joinedHash(long left, long right, int rightLength) {
        return left * powers[rightLength] + right;
    }

    /** Bytes of the longest piece. */
    int longest() {
        return powers.length - 1;
    }

    /** The id of the piece with this text, reserved ones included, or -1. */
    int id(byte[] bytes, int from, int to) {
        return id(bytes, from, to, hash(bytes, from, to));
    }

    /** {@link #id(byte[], int, int)} where the hash is known. */
    int id(byte[] bytes, int from, int to, long hash) {
        for (int slot = slot(hash); slots[slot] != 0; slot = (slot + 1) & (slots.length - 1)) {
            int id = slots[slot] - 1;
            if (Arrays.equals(text, ends[id], ends[id + 1], bytes, from, to)) {
                return id;
            }
        }
        return -1;
    }

    int id(String piece) {
        byte[] bytes = Utf8.encode(piece);
        return id(bytes, 0, bytes.length);
    }

    int size() {
        return types.length;
    }

    String piece(int id) {
        return Utf8.decode(text, ends[id], ends[id + 1]);
    }

    byte[] bytes(int id) {
        return Arrays.copyOfRange(text, ends[id], ends[id + 1]);
    }

    float score(int id) {
        return scores[id];
    }

    PieceType type(int id) {
        return types[id];
    }

    /** The id of the unknown piece; there always is one. */
    int unknown() {
        return unknown;
    }

    /** Whether text that no piece covers is spelled in byte pieces; then all 256 exist. */
    boolean byteFallback() {
        return bytePieces != null;
    }

    /** Whether any piece is {@link PieceType#UNUSED}. */
    boolean hasUnused() {
        return hasUnused;
    }

    /** The id of the control piece with this text, or -1. */
    int control(String piece) {
        int id = id(piece);
        return id >= 0 && types[id] == PieceType.CONTROL ? id : -1;
    }

    /** The id of the byte piece ({@code <0x00>} to {@code <0xFF>}) for this byte. */
    int bytePiece(byte b) {
        return bytePieces[b & 0xFF];
    }

    /** The byte that a byte piece stands for. */
    byte byteOf(int id) {
        return (byte) byteOf(text, ends[id], ends[id + 1]);
    }

    /** The number in {@code <0xHH>}, or -1. */
    private static int byteOf(byte[] piece, int from, int to) {
        boolean framed = to - from == 6
                && piece[from] == '<'
                && piece[from + 1] == '0'
                && piece[from + 2] == 'x'
                && piece[from + 5] == '>';
        int high = framed ? Character.digit(piece[from + 3], 16) : -1;
        int low = framed ? Character.digit(piece[from + 4], 16) : -1;
        return high < 0 || low < 0 ? -1 : 16 * high + low;
    }

    /** Collects pieces in the order of their ids. */
    static final class Builder {
        /** Four times Gemma's. Bounds the memory that tables and tries over the pieces take. */
        private static final int MAX_TEXT = 8 << 20;

        private final String source;
        private byte[] text = new byte[1 << 12];
        private int[] ends = new int[1 << 9];
        private float[] scores = new float[1 << 9];
        private PieceType[] types = new PieceType[1 << 9];
        private int size;

        /** @param source the file, for messages */
        Builder(String source) {
            this.source = source;
        }

        void add(byte[] piece, float score, PieceType type) {
            if (piece.length == 0 || piece.length > MAX_PIECE_BYTES) {
                throw new PgException(source + ": piece " + size + " has " + piece.length + " bytes, not 1 to "
                        + MAX_PIECE_BYTES + "; the file is damaged, fetch it again");
            }
            if (Float.isNaN(score)) {
                throw new PgException(source + ": the score of piece " + size
                        + " is not a number; the file is damaged, fetch it again");
            }
            int end = ends[size] + piece.length;
            if (end > MAX_TEXT) {
                throw new PgException(
                        source + ": its pieces have more than " + MAX_TEXT + " bytes in all; is it the right file?");
            }
            if (end > text.length) {
                text = Arrays.copyOf(text, Math.max(2 * text.length, end));
            }
            if (size + 1 == ends.length) {
                ends = Arrays.copyOf(ends, 2 * ends.length);
                scores = Arrays.copyOf(scores, ends.length);
                types = Arrays.copyOf(types, ends.length);
            }
            System.arraycopy(piece, 0, text, ends[size], piece.length);
            scores[size] = score;
            types[size] = type;
            ends[++size] = end;
        }

        int size() {
            return size;
        }

        /**
         * Builds the vocabulary.
         *
         * @param byteFallback whether text that no piece covers is spelled in byte pieces
         * @throws PgException if the pieces contradict each other
         */
        Vocabulary build(boolean byteFallback) {
            return new Vocabulary(this, byteFallback);
        }
    }
}
