package dev.pg.kernels;

/**
 * Several tokens as {@link Q8Floats} reads them, rounded by {@link RoundedGroup}: bunches of four or eight tokens, and for each group of a bunch
 *
 * <pre>
 *   [tokens]           the sums of the whole numbers, negative
 *   [inputs × tokens]  the whole numbers
 *   [tokens]           the scales
 * </pre>
 *
 * Tokens that the last bunch lacks keep what is there: their sums are not read.
 *
 * <p>Each thread rounds all tokens for itself, for the reason given at {@link TileTokens}. Not thread-safe.
 */
final class FloatTokens {
    private static final int GROUP = Quantization.GROUP;

    private final RoundedGroup rounded = new RoundedGroup();
    private float[] data = new float[0];
    private int groups;
    private int bunch;
    private long product;

    /**
     * Rounds all rows of {@code x}, unless that was done for this product already.
     *
     * @param product number of a matrix product, not 0
     * @param bunch tokens side by side
     */
    void pack(long product, Matrix x, int bunch) {
        if (this.product == product) {
            return;
        }
        this.product = product;
        this.bunch = bunch;
        groups = Math.ceilDiv(x.cols(), GROUP);
        int length = at(Math.ceilDiv(x.rows(), bunch) * bunch, 0);
        if (data.length < length) {
            data = new float[length];
        }
        for (int t = 0; t < x.rows(); t++) {
            for (int g = 0; g < groups; g++) {
                float scale = rounded.round(x, t, g, Quantization.Q8);
                int to = at(t, g) + t % bunch;
                data[to] = -rounded.sum();
                for (int i = 0; i < GROUP; i++) {
                    data[to + (1 + i) * bunch] = rounded.a()[i];
                }
                data[to + (1 + GROUP) * bunch] = scale;
            }
        }
    }

    float[] data() {
        return data;
    }

    /** Where a group begins, of the bunch that {@code token} belongs to. */
    int at(int token, int group) {
        return (token / bunch * groups + group) * (GROUP + 2) * bunch;
    }
}
