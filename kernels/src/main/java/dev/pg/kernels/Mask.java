package dev.pg.kernels;

/**
 * Who sees whom in attention: for every query position an interval of key positions, computed and never materialised.
 * Positions count from 0, over everything that stands in the key/value cache.
 *
 * <pre>
 *   prefixLm(prefix 3)      prefixLm(prefix 3, window 2)
 *   keys  0 1 2 3 4 5       keys  0 1 2 3 4 5
 *   q 0   x x x . . .       q 0   x x x . . .
 *   q 1   x x x . . .       q 1   x x x . . .     inside the prefix the window does not bind
 *   q 2   x x x . . .       q 2   x x x . . .
 *   q 3   x x x x . .       q 3   . . x x . .
 *   q 4   x x x x x .       q 4   . . . x x .
 *   q 5   x x x x x x       q 5   . . . . x x
 * </pre>
 *
 * Implementations are immutable and thread-safe.
 */
public interface Mask {
    /** The first key that {@code query} sees. */
    int first(int query);

    /** One past the last key that {@code query} sees; may lie behind the last key there is. */
    int end(int query);

    /** Every query sees every key. */
    Mask FULL = new PrefixLm(Integer.MAX_VALUE, Integer.MAX_VALUE, 0);

    /** Every query sees itself and what stands before it. */
    Mask CAUSAL = new PrefixLm(0, Integer.MAX_VALUE, 0);

    /**
     * Full attention among the first {@code prefix} positions, causal attention behind them.
     *
     * @param prefix length of the bidirectional prefix, 0 for none
     * @param window a query behind the prefix sees keys in (query - window, query]; {@link Integer#MAX_VALUE} for no window
     * @param start keys before this one are padding that nobody sees
     */
    record PrefixLm(int prefix, int window, int start) implements Mask {
        @Override
        public int first(int query) {
            return query < prefix ? start : (int) Math.max(start, (long) query - window + 1);
        }

        @Override
        public int end(int query) {
            return query < prefix ? prefix : query + 1;
        }
    }
}
