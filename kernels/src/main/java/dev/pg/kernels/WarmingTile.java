package dev.pg.kernels;

import java.lang.foreign.MemorySegment;

/**
 * A tile that multiplies in plain loops of the same shape until C2 has compiled the vectors of another (see {@link WarmUp}). Both compute a sum of
 * one token and one row as the same chain of fused multiply-adds.
 */
final class WarmingTile implements Tile {
    private final Tile tile;

    WarmingTile(Tile tile) {
        this.tile = tile;
    }

    @Override
    public int panels(int vectors) {
        return tile.panels(vectors);
    }

    @Override
    public int rows(int vectors) {
        return tile.rows(vectors);
    }

    @Override
    public void multiply(
            int vectors, int depth, float[] w, int wo, MemorySegment x, long xo, float[] sums, int so, int stride) {
        if (WarmUp.vectors()) {
            tile.multiply(vectors, depth, w, wo, x, xo, sums, so, stride);
            return;
        }
        for (int r = 0; r < tile.rows(vectors); r++) {
            multiplyRow(
                    vectors * VectorSupport.LANES, depth, w, wo + r * PackedGemm.STRIDE, x, xo, sums, so + r * stride);
        }
    }

    private static void multiplyRow(
            int width, int depth, float[] w, int wo, MemorySegment x, long xo, float[] sums, int so) {
        float[] chain = new float[width];
        for (int k = 0; k < depth; k++) {
            float weight = w[wo + k];
            long at = xo + (long) k * width * Float.BYTES;
            for (int t = 0; t < width; t++) {
                chain[t] = Math.fma(weight, x.get(PackedGemm.PACKED, at + (long) t * Float.BYTES), chain[t]);
            }
        }
        for (int t = 0; t < width; t++) {
            sums[so + t] += chain[t];
        }
    }
}
