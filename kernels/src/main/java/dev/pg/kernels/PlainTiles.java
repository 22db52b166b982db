package dev.pg.kernels;

import java.util.Arrays;

/**
 * {@link FewTiles} in plain loops, for the time until C2 has compiled {@link Q8Dots} and {@link Q4Dots} (see {@link WarmUp}). Whole numbers are exact in
 * any order, and what is rounded is rounded in the same order, so finite results have the same bits.
 */
final class PlainTiles {
    private static final int GROUP = Quantization.GROUP;
    private static final int TILE = Quantization.TILE;

    private PlainTiles() {}

    /** Adds the products of a tile with row {@code token} of x, rounded by {@link RoundedGroup}: sums[so + place of the row]. */
    static void add(QuantizedWeights w, int tile, Matrix x, int token, float[] sums, int so) {
        Quantization format = w.quantization();
        float[] inputs = new float[GROUP];
        int[] a = new int[GROUP];
        int[] q = new int[GROUP];
        for (int group = 0; group < w.groups(); group++) {
            int k = group * GROUP;
            Arrays.fill(inputs, 0);
            System.arraycopy(x.data(), x.at(token) + k, inputs, 0, Math.min(GROUP, x.cols() - k));
            float size = RoundedGroup.size(inputs, 0, format);
            float scale = RoundedGroup.scale(size, format);
            float inverse = RoundedGroup.inverse(size, format);
            int sum = 0;
            for (int i = 0; i < GROUP; i++) {
                a[i] = RoundedGroup.round(inputs[i], inverse);
                sum += a[i];
            }
            long at = w.groupAt(tile, group);
            for (int r = 0; r < TILE; r++) {
                w.read(at, r, q);
                int dot = 0;
                for (int i = 0; i < GROUP; i++) {
                    dot += q[i] * a[i];
                }
                byte code = w.code(at, r);
                int whole = format.spacing() * dot - format.offset(code) * sum;
                int to = so + FewTiles.PLACES[r];
                sums[to] = Math.fma((float) whole, w.level(code) * scale, sums[to]);
            }
        }
    }
}
