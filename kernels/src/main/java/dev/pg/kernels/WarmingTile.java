package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;

/**
 * A tile that does not make anybody wait for the JIT compiler. Until C2 has compiled them, vector operations are objects made one by
 * one, and a tile runs hundreds of times slower than a plain loop: a second of the demo model's first caption. So plain loops
 * multiply first, while a daemon thread calls the vector tiles until they are compiled, and then ends.
 *
 * <p>Both compute a sum of one token and one row as the same chain of fused multiply-adds, so the moment of the change does not show
 * in a single bit.
 */
final class WarmingTile implements Tile {
    /** Calls behind which C2 has long been asked to compile a method ({@code Tier4InvocationThreshold} is 5000). */
    private static final int CALLS = 10_000;

    /** Inputs of a call that only warms up: a few, since the first calls are so slow. */
    private static final int DEPTH = 4;

    private final Tile tile;
    private volatile boolean warm;

    /** The one for this machine, warmed up once for all models of the JVM. */
    private static final class Shared {
        static final WarmingTile TILE = new WarmingTile(Tile.best());

        static {
            Thread.ofPlatform().name("pg-warm-up").daemon().start(TILE::warmUp);
        }
    }

    WarmingTile(Tile tile) {
        this.tile = tile;
    }

    /** The tiles for this machine; the first call starts the warm-up. */
    static Tile best() {
        return Shared.TILE;
    }

    /** Calls the tiles of every width until they are compiled. */
    void warmUp() {
        int widest = 4;
        float[] weights = new float[PackedGemm.ROWS * PackedGemm.STRIDE];
        float[] tokens = new float[DEPTH * widest * Species.LANES];
        float[] sums = new float[PackedGemm.ROWS * widest * Species.LANES];
        for (int vectors = widest; vectors >= 2; vectors--) {
            if (tile.panels(vectors) == 1) {
                for (int i = 0; i < CALLS; i++) {
                    tile.multiply(vectors, DEPTH, weights, 0, tokens, 0, sums, 0, vectors * Species.LANES);
                }
            }
        }
        warm = true;
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
            int vectors, int depth, float[] w, int wo, float[] x, int xo, float[] sums, int so, int stride) {
        if (warm) {
            tile.multiply(vectors, depth, w, wo, x, xo, sums, so, stride);
        } else {
            for (int r = 0; r < tile.rows(vectors); r++) {
                plainRow(vectors * Species.LANES, depth, w, wo + r * PackedGemm.STRIDE, x, xo, sums, so + r * stride);
            }
        }
    }

    private static void plainRow(int width, int depth, float[] w, int wo, float[] x, int xo, float[] sums, int so) {
        float[] chain = new float[width];
        for (int k = 0; k < depth; k++) {
            float weight = w[wo + k];
            int at = xo + k * width;
            for (int t = 0; t < width; t++) {
                chain[t] = Math.fma(weight, x[at + t], chain[t]);
            }
        }
        for (int t = 0; t < width; t++) {
            sums[so + t] += chain[t];
        }
    }
}
