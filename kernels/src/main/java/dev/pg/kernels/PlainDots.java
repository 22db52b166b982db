package dev.pg.kernels;

import java.util.Arrays;

/**
 * Dot products in plain loops, for the time until C2 has compiled those of the formats (see {@link WarmUp}): the same lanes, the
 * same chains, so the same bits.
 */
final class PlainDots {
    private static final int LANES = VectorSupport.LANES;

    /** Chains of {@link FloatDots#straight} and its likes. */
    private static final int CHAINS = 6;

    private PlainDots() {}

    /** See {@link Weights#dots}. */
    static void dots(Weights w, int row, int rowCount, int count, float[] x, int xo, float[] sums, float[] scratch) {
        boolean direct = w instanceof Bf16Weights || w instanceof F32Weights; // not unpacked by the vector kernels
        boolean oneByOne = direct && count <= FewRows.NARROW;
        int piece = oneByOne ? FewRows.NARROW : Weights.UNPACKED;
        // What is not added to anything keeps the sign of a zero: -0 + x is x.
        Arrays.fill(sums, 0, rowCount * LANES, oneByOne ? -0f : 0f);
        for (int r = 0; r < rowCount; r++) {
            for (int k = 0; k < count; k += piece) {
                int depth = Math.min(piece, count - k);
                w.unpack(row + r, 1, k, depth, scratch, 0, depth);
                if (direct && !oneByOne) {
                    chain(scratch, 0, depth, x, xo + k, sums, r * LANES);
                } else {
                    straight(scratch, depth, x, xo + k, sums, r * LANES);
                }
            }
        }
    }

    /** See {@link Weights#addDots}. */
    static void addDots(
            Weights w, int row, int rowCount, int count, float[] x, int xo, float[] sums, int so, float[] scratch) {
        for (int r = 0; r < rowCount; r++) {
            for (int k = 0; k < count; k += Weights.UNPACKED) {
                int depth = Math.min(Weights.UNPACKED, count - k);
                w.unpack(row + r, 1, k, depth, scratch, 0, depth);
                add(scratch, 0, depth, 1, depth, x, xo + 4 * k, sums, so + r * 4 * LANES);
            }
        }
    }

    /** See {@link FloatDots#add}. */
    static void add(float[] w, int wo, int stride, int rows, int count, float[] x, int xo, float[] sums, int so) {
        for (int r = 0; r < rows; r++) {
            for (int k = 0; k < count; k += LANES) {
                for (int t = 0; t < 4; t++) {
                    chain(w, wo + r * stride + k, LANES, x, xo + 4 * k + t * LANES, sums, so + (r * 4 + t) * LANES);
                }
            }
        }
    }

    private static void chain(float[] w, int wo, int count, float[] x, int xo, float[] sums, int so) {
        for (int i = 0; i < count; i++) {
            int lane = so + i % LANES;
            sums[lane] = Math.fma(w[wo + i], x[xo + i], sums[lane]);
        }
    }

    private static void straight(float[] w, int count, float[] x, int xo, float[] sums, int so) {
        float[] s = new float[CHAINS * LANES];
        int bound = count - count % (CHAINS * LANES);
        for (int k = 0; k < bound; k += CHAINS * LANES) {
            for (int i = 0; i < CHAINS * LANES; i++) {
                s[i] = Math.fma(w[k + i], x[xo + k + i], s[i]);
            }
        }
        chain(w, bound, count - bound, x, xo + bound, s, 0);
        for (int i = 0; i < LANES; i++) {
            sums[so + i] +=
                    s[i] + s[i + LANES] + (s[i + 2 * LANES] + s[i + 3 * LANES]) + (s[i + 4 * LANES] + s[i + 5 * LANES]);
        }
    }
}
