package dev.pg.tokenizer;

/**
 * The rule of Hugging Face's {@code tokenizer.json}: an explicit list of pairs of pieces, the earliest in the list first. A merge is
 * named by its place in the list.
 */
final class RankedMerges implements Merges {
    private final int[] lefts;
    private final int[] rights;
    private final int[] results;
    private final int[] slots; // open addressing; rank + 1, 0 is empty
    private final int shift;

    /**
     * Entry i of each array belongs to the merge of rank i. Of two merges of one pair the later holds, as in the tokenizers library.
     *
     * @param lefts ids of left pieces
     * @param rights ids of right pieces
     * @param results ids of merged pieces
     */
    RankedMerges(int[] lefts, int[] rights, int[] results) {
        this.lefts = lefts;
        this.rights = rights;
        this.results = results;
        int bits = 34 - Integer.numberOfLeadingZeros(Math.max(1, lefts.length));
        slots = new int[1 << bits];
        shift = 64 - bits;
        for (int rank = 0; rank < lefts.length; rank++) {
            slots[slot(lefts[rank], rights[rank])] = rank + 1;
        }
    }

    /** The slot that holds the pair, or the empty one where it belongs. */
    private int slot(int left, int right) {
        long pair = ((long) left << 32) | right;
        int slot = (int) (((pair ^ (pair >>> 29)) * 0x9E3779B97F4A7C15L) >>> shift);
        while (slots[slot] != 0) {
            int rank = slots[slot] - 1;
            if (lefts[rank] == left && rights[rank] == right) {
                break;
            }
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    @Override
    public int find(Symbols symbols, int left, int right) {
        int leftPiece = symbols.piece[left];
        int rightPiece = symbols.piece[right];
        return leftPiece == Symbols.NONE || rightPiece == Symbols.NONE
                ? Symbols.NONE
                : slots[slot(leftPiece, rightPiece)] - 1;
    }

    @Override
    public int priority(int merge) {
        return merge;
    }

    @Override
    public int piece(int merge) {
        return results[merge];
    }
}
