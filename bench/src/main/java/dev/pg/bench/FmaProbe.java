package dev.pg.bench;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Measures the peak of fused multiply-adds on float vectors of the width that the JVM prefers: the better of chains that stay in
 * registers and a register tile that reads its operands from the first-level cache, as matrix products do.
 */
final class FmaProbe {
    private static final int STEPS = 8192; // of a kernel, some microseconds
    private static final int CALLS = 400;
    private static final int CHAINS = 12;

    /** Keeps the compiler from leaving out sums that nobody asks for. */
    private static volatile float sink;

    private FmaProbe() {}

    /** A kernel of {@link #STEPS} steps. */
    private interface Kernel {
        float run(int steps);
    }

    /** The best of {@code runs} runs, in 10⁹ floating-point operations per second of the whole team. */
    static double gflops(Workers team, int runs) {
        if (!VectorSupport.AVAILABLE) {
            return best(team, runs, Scalar::chains, CHAINS);
        }
        double chains = best(team, runs, Simd::chains, CHAINS * Simd.LANES);
        double tile = best(team, runs, Simd::tile, Simd.TILE_ROWS * Simd.TILE_VECTORS * Simd.LANES);
        return Math.max(chains, tile);
    }

    private static double best(Workers team, int runs, Kernel kernel, int fmasPerStep) {
        int tasks = team.threads() * CALLS;
        Workers.Task task = (index, worker) -> sink = kernel.run(STEPS);
        double least = Double.POSITIVE_INFINITY;
        for (int run = 0; run <= runs; run++) { // the first compiles
            least = Math.min(least, Repeated.seconds(1, () -> team.run(tasks, task)));
        }
        return 2.0 * fmasPerStep * STEPS * tasks / least / 1e9;
    }

    private static final class Simd {
        private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
        static final int LANES = SPECIES.length();
        static final int TILE_ROWS = 4;
        static final int TILE_VECTORS = 2;
        private static final int DEPTH = 256;

        private static final float[] ROWS = new float[DEPTH * TILE_ROWS]; // [k][row]
        private static final float[] COLUMNS = new float[DEPTH * TILE_VECTORS * LANES]; // [k][column]

        /**
         * Twelve: more than latency times throughput needs, and few enough for sixteen registers. Each is what is added to, so that it stays where it is, and
         * the factor is no constant: C2 would copy the one and load the other anew for every multiply-add.
         */
        static float chains(int steps) {
            FloatVector x = FloatVector.broadcast(SPECIES, 1f / steps);
            FloatVector a = FloatVector.zero(SPECIES);
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            FloatVector e = a;
            FloatVector f = a;
            FloatVector g = a;
            FloatVector h = a;
            FloatVector i = a;
            FloatVector j = a;
            FloatVector k = a;
            FloatVector l = a;
            for (int step = 0; step < steps; step++) {
                a = x.fma(x, a);
                b = x.fma(x, b);
                c = x.fma(x, c);
                d = x.fma(x, d);
                e = x.fma(x, e);
                f = x.fma(x, f);
                g = x.fma(x, g);
                h = x.fma(x, h);
                i = x.fma(x, i);
                j = x.fma(x, j);
                k = x.fma(x, k);
                l = x.fma(x, l);
            }
            FloatVector sum = a.add(b)
                    .add(c)
                    .add(d)
                    .add(e)
                    .add(f)
                    .add(g)
                    .add(h)
                    .add(i)
                    .add(j)
                    .add(k)
                    .add(l);
            return sum.lane(0);
        }

        /** Four rows by two vectors of columns, summed over k, again and again over the same operands. */
        static float tile(int steps) {
            float sum = 0;
            for (int done = 0; done < steps; done += DEPTH) {
                sum += tile(ROWS, COLUMNS);
            }
            return sum;
        }

        private static float tile(float[] rows, float[] columns) {
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = a0;
            FloatVector b0 = a0;
            FloatVector b1 = a0;
            FloatVector c0 = a0;
            FloatVector c1 = a0;
            FloatVector d0 = a0;
            FloatVector d1 = a0;
            for (int k = 0; k < DEPTH; k++) {
                FloatVector y0 = FloatVector.fromArray(SPECIES, columns, k * TILE_VECTORS * LANES);
                FloatVector y1 = FloatVector.fromArray(SPECIES, columns, k * TILE_VECTORS * LANES + LANES);
                FloatVector a = FloatVector.broadcast(SPECIES, rows[k * TILE_ROWS]);
                a0 = a.fma(y0, a0);
                a1 = a.fma(y1, a1);
                FloatVector b = FloatVector.broadcast(SPECIES, rows[k * TILE_ROWS + 1]);
                b0 = b.fma(y0, b0);
                b1 = b.fma(y1, b1);
                FloatVector c = FloatVector.broadcast(SPECIES, rows[k * TILE_ROWS + 2]);
                c0 = c.fma(y0, c0);
                c1 = c.fma(y1, c1);
                FloatVector d = FloatVector.broadcast(SPECIES, rows[k * TILE_ROWS + 3]);
                d0 = d.fma(y0, d0);
                d1 = d.fma(y1, d1);
            }
            return a0.add(a1).add(b0).add(b1).add(c0).add(c1).add(d0).add(d1).lane(0);
        }
    }

    /** What plain Java reaches; without the Vector API that is the machine. */
    private static final class Scalar {
        static float chains(int steps) {
            float[] sums = new float[CHAINS];
            for (int step = 0; step < steps; step++) {
                for (int chain = 0; chain < CHAINS; chain++) {
                    sums[chain] = Math.fma(sums[chain], 0.5f, 1);
                }
            }
            float sum = 0;
            for (float s : sums) {
                sum += s;
            }
            return sum;
        }
    }
}
