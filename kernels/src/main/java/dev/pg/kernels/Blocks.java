package dev.pg.kernels;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Sequences packed into one, one behind the other: NaViT's "patch n' pack" (arXiv 2307.06304, section 2.1). Each sees itself and
 * nothing else, so that it comes out as it would alone.
 *
 * <pre>
 *   of(2, 3).mask()         of(2, 3).oneQueryEach()
 *   keys  0 1 2 3 4         keys  0 1 2 3 4
 *   q 0   x x . . .         q 0   x x . . .
 *   q 1   x x . . .         q 1   . . x x x
 *   q 2   . . x x x
 *   q 3   . . x x x
 *   q 4   . . x x x
 * </pre>
 *
 * Immutable and thread-safe.
 */
public final class Blocks {
    private final int[] ends; // [blocks]: one past the last position of each
    private final int[] block; // [positions]: which block it belongs to

    private Blocks(int[] lengths) {
        ends = lengths.clone();
        Arrays.parallelPrefix(ends, Math::addExact);
        block = IntStream.range(0, lengths.length)
                .flatMap(b -> IntStream.generate(() -> b).limit(lengths[b]))
                .toArray();
    }

    /**
     * Blocks of the given lengths.
     *
     * @throws IllegalArgumentException if there are none, or one is empty
     */
    public static Blocks of(int... lengths) {
        if (lengths.length == 0 || Arrays.stream(lengths).anyMatch(length -> length < 1)) {
            throw new IllegalArgumentException("blocks need at least one position each: " + Arrays.toString(lengths));
        }
        return new Blocks(lengths);
    }

    /** How many there are. */
    public int count() {
        return ends.length;
    }

    /** Positions of all of them. */
    public int positions() {
        return block.length;
    }

    /** First position of a block. */
    public int start(int b) {
        return b == 0 ? 0 : ends[b - 1];
    }

    /** Positions of a block. */
    public int length(int b) {
        return ends[b] - start(b);
    }

    /** Every position sees its block. */
    public Mask mask() {
        return new Mask() {
            @Override
            public int first(int query) {
                return start(block[query]);
            }

            @Override
            public int end(int query) {
                return ends[block[query]];
            }
        };
    }

    /** One query for each block, in order, sees it; as {@link Attention} counts, query i stands at position keys - queries + i. */
    public Mask oneQueryEach() {
        int before = positions() - count();
        return new Mask() {
            @Override
            public int first(int query) {
                return start(query - before);
            }

            @Override
            public int end(int query) {
                return ends[query - before];
            }
        };
    }
}
