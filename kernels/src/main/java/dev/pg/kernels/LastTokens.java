package dev.pg.kernels;

import java.util.Arrays;

/**
 * The last few tokens of a {@link PackedGemm}, which would fill half a vector of a {@link Tile} or less: a caption's prompt has 260, four more than
 * whole vectors of 16. Here inputs lie in the lanes instead of tokens, so four tokens cost no more than they are.
 *
 * <p>An element of y is made as {@link FewRows} makes it for several tokens: lane l of a vector sums inputs k with k mod LANES = l, in the order of k, and the
 * lanes are added as a tree. Which tokens are last depends on their number alone, so neither threads nor the JIT change a bit.
 *
 * <p>{@link #take} and {@link #pack} belong to one thread; then each worker adds to sums of its own.
 */
final class LastTokens {
    private static final int LANES = VectorSupport.LANES;

    private final float[][] sums; // per worker [fours × ROWS × 4 × LANES]
    private float[] packed = new float[0]; // see FewRows
    private int count;
    private int fours;
    private int cols;

    LastTokens(int workers) {
        sums = new float[workers][0];
    }

    /** How many of {@code tokens} with {@code cols} inputs are to be multiplied here, maybe none. At least two whole vectors remain. */
    int take(int tokens, int cols) {
        this.cols = cols;
        int rest = tokens % LANES;
        boolean pays = Math.ceilDiv(rest, 4) * 4 <= LANES / 2 && tokens > 2 * LANES && cols % LANES == 0;
        count = pays ? rest : 0;
        fours = Math.ceilDiv(count, 4);
        return count;
    }

    /** Packs rows of x from {@code first} on. */
    void pack(Matrix x, int first) {
        packed = FewRows.pack(x, first, count, cols, packed);
    }

    /** Forgets the sums of a worker, before its next block of rows. */
    void clear(int worker) {
        int needed = fours * PackedGemm.ROWS * 4 * LANES;
        if (sums[worker].length < needed) {
            sums[worker] = new float[needed + FewTiles.APART];
        }
        Arrays.fill(sums[worker], 0, needed, 0);
    }

    /** Adds the products with inputs [k, k + depth) of unpacked rows of weights, which start at {@code wo}, {@link PackedGemm#STRIDE} floats apart. */
    void add(float[] w, int wo, int rows, int k, int depth, int worker) {
        for (int f = 0; f < fours; f++) {
            int from = f * 4 * cols + 4 * k;
            int to = f * PackedGemm.ROWS * 4 * LANES;
            if (WarmUp.vectors()) {
                FloatDots.add(w, wo, PackedGemm.STRIDE, rows, depth, packed, from, sums[worker], to);
            } else {
                PlainDots.add(w, wo, PackedGemm.STRIDE, rows, depth, packed, from, sums[worker], to);
            }
        }
    }

    /** y[first + t][column + r] = sums[r][t] + bias. */
    void store(Linear w, int rows, int column, Matrix y, int first, int worker) {
        float[] lanes = sums[worker];
        for (int t = 0; t < count; t++) {
            int from = (t / 4 * PackedGemm.ROWS * 4 + t % 4) * LANES;
            int to = y.at(first + t) + column;
            LaneSums.fold(lanes, from, 4 * LANES, rows);
            for (int r = 0; r < rows; r++) {
                y.data()[to + r] = LaneSums.total(lanes, from + r * 4 * LANES) + w.bias(column + r);
            }
        }
    }
}
