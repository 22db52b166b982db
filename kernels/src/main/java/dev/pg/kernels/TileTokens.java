package dev.pg.kernels;

import java.util.Arrays;

/**
 * Tokens as {@link Q8Dots} and {@link Q4Dots} read them: [fours of tokens × groups × {@value #STRIDE} × 4], or without the fours for a single
 * token. Of a group's numbers the first 16 belong to its inputs; number 16 is minus their sum, for the products of the 1 that the kernels
 * have in front of every weight; number 17 is minus the sum of the inputs themselves, which the lower bound is multiplied with.
 *
 * <p>Four-bit weights come in pairs of inputs a and b as 1 + qa/16 + qb/256 and 1 + qb/256. So a keeps its value, and b is
 * 16·b − a: the factor for its lower place, the difference to take the other's part in it off.
 */
final class TileTokens {
    /** Numbers of a group. */
    static final int STRIDE = Quantization.GROUP + 2;

    private TileTokens() {}

    /**
     * Prepares one token.
     *
     * @param x {@code cols} inputs from {@code xo} on
     * @param dst number i of group g goes to {@code to + (g * STRIDE + i) * step}
     */
    static void pack(Quantization format, float[] x, int xo, int cols, float[] dst, int to, int step) {
        float[] group = new float[Quantization.GROUP];
        for (int k = 0; k < cols; k += Quantization.GROUP) {
            int count = Math.min(Quantization.GROUP, cols - k);
            System.arraycopy(x, xo + k, group, 0, count);
            Arrays.fill(group, count, group.length, 0);
            float inputs = sum(group);
            if (format == Quantization.Q4) {
                pair(group, 0);
                pair(group, 8);
            }
            for (int i = 0; i < group.length; i++) {
                dst[to + i * step] = group[i];
            }
            dst[to + 16 * step] = -sum(group);
            dst[to + 17 * step] = -inputs;
            to += STRIDE * step;
        }
    }

    private static void pair(float[] x, int at) {
        x[at + 5] = Math.fma(16, x[at + 5], -x[at + 2]);
        x[at + 4] = Math.fma(16, x[at + 4], -x[at + 1]);
        x[at + 6] = Math.fma(16, x[at + 6], -x[at + 3]);
        x[at + 7] = Math.fma(16, x[at + 7], -x[at]);
    }

    private static float sum(float[] x) {
        float a = (x[0] + x[1]) + (x[2] + x[3]);
        float b = (x[4] + x[5]) + (x[6] + x[7]);
        float c = (x[8] + x[9]) + (x[10] + x[11]);
        float d = (x[12] + x[13]) + (x[14] + x[15]);
        return (a + b) + (c + d);
    }
}
