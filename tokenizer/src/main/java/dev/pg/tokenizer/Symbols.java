package dev.pg.tokenizer;

import java.util.Arrays;

/**
 * The symbols of a stretch of text during byte-pair encoding, as a doubly linked list in arrays: at first characters, later what they
 * were merged into. A symbol keeps the index of its leftmost character; an absorbed one is no longer linked.
 */
final class Symbols {
    /** No neighbour, no piece, no merge. */
    static final int NONE = -1;

    final byte[] bytes;
    int count;
    int[] from = new int[16]; // symbol i is bytes[from[i], to[i])
    int[] to = new int[16];
    int[] previous = new int[16];
    int[] next = new int[16];
    int[] piece = new int[16]; // id, NONE if the text is no piece
    int[] merge = new int[16]; // with the next symbol, see Merges.find
    long[] hash = new long[16]; // Vocabulary.hash of the text
    boolean[] frozen = new boolean[16]; // user-defined: never merged

    Symbols(byte[] bytes) {
        this.bytes = bytes;
    }

    void append(int start, int end, long textHash, int pieceId, boolean isFrozen) {
        if (count == from.length) {
            int capacity = 2 * count;
            from = Arrays.copyOf(from, capacity);
            to = Arrays.copyOf(to, capacity);
            previous = Arrays.copyOf(previous, capacity);
            next = Arrays.copyOf(next, capacity);
            piece = Arrays.copyOf(piece, capacity);
            merge = Arrays.copyOf(merge, capacity);
            hash = Arrays.copyOf(hash, capacity);
            frozen = Arrays.copyOf(frozen, capacity);
        }
        from[count] = start;
        to[count] = end;
        previous[count] = count - 1;
        next[count] = NONE;
        if (count > 0) {
            next[count - 1] = count;
        }
        piece[count] = pieceId;
        hash[count] = textHash;
        frozen[count] = isFrozen;
        count++;
    }

    /** Lets a symbol swallow its right neighbour. */
    void join(int left, long textHash, int pieceId) {
        int right = next[left];
        to[left] = to[right];
        hash[left] = textHash;
        piece[left] = pieceId;
        next[left] = next[right];
        if (next[right] != NONE) {
            previous[next[right]] = left;
        }
        merge[right] = NONE;
    }
}
