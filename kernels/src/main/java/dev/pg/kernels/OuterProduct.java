package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;

/**
 * The register tile of attention: a product of two packed panels, four rows by two vectors.
 *
 * <p>Eight accumulators, two loads and a broadcast fit the sixteen registers of AVX2 without spills, and are enough independent
 * sums to hide the latency of the multiply-add at every width (0.99 of the peak at 512 bits, 0.92 at 256, 0.93 at 128, Zen 4).
 * Twice the rows were no faster.
 */
final class OuterProduct {
    private OuterProduct() {}

    /** Rows of a tile. */
    static final int ROWS = 4;

    /** Columns of a tile. */
    static final int COLUMNS = 2 * VectorSupport.LANES;

    /** Floats from one row of A to the next: a constant of the compiler, and no power of two, which would lay all rows over the same cache sets. */
    static final int STRIDE = 272;

    /**
     * C = A·B, or C += A·B.
     *
     * @param a [ROWS × depth] from {@code ai} on, rows {@link #STRIDE} floats apart
     * @param b [depth × COLUMNS] at {@code bi}
     * @param c [ROWS × COLUMNS] at {@code ci}
     */
    static void tile(int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, boolean accumulate) {
        if (WarmUp.vectors()) {
            vectorTile(depth, a, ai, b, bi, c, ci, accumulate);
        } else {
            PlainAttention.tile(depth, a, ai, b, bi, c, ci, accumulate);
        }
    }

    /**
     * Written out because it has to be longer than 325 bytecodes (C2's FreqInlineSize): inlined into its callers' loops it would be
     * unrolled until it spills, at half the speed.
     */
    private static void vectorTile(
            int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, boolean accumulate) {
        FloatVector c00 = FloatVector.zero(Species.FLOAT);
        FloatVector c01 = FloatVector.zero(Species.FLOAT);
        FloatVector c10 = FloatVector.zero(Species.FLOAT);
        FloatVector c11 = FloatVector.zero(Species.FLOAT);
        FloatVector c20 = FloatVector.zero(Species.FLOAT);
        FloatVector c21 = FloatVector.zero(Species.FLOAT);
        FloatVector c30 = FloatVector.zero(Species.FLOAT);
        FloatVector c31 = FloatVector.zero(Species.FLOAT);
        for (int p = 0; p < depth; p++) {
            FloatVector b0 = FloatVector.fromArray(Species.FLOAT, b, bi + p * COLUMNS);
            FloatVector b1 = FloatVector.fromArray(Species.FLOAT, b, bi + p * COLUMNS + VectorSupport.LANES);
            FloatVector a0 = FloatVector.broadcast(Species.FLOAT, a[ai + p]);
            c00 = a0.fma(b0, c00);
            c01 = a0.fma(b1, c01);
            FloatVector a1 = FloatVector.broadcast(Species.FLOAT, a[ai + STRIDE + p]);
            c10 = a1.fma(b0, c10);
            c11 = a1.fma(b1, c11);
            FloatVector a2 = FloatVector.broadcast(Species.FLOAT, a[ai + 2 * STRIDE + p]);
            c20 = a2.fma(b0, c20);
            c21 = a2.fma(b1, c21);
            FloatVector a3 = FloatVector.broadcast(Species.FLOAT, a[ai + 3 * STRIDE + p]);
            c30 = a3.fma(b0, c30);
            c31 = a3.fma(b1, c31);
        }
        int lanes = VectorSupport.LANES;
        if (accumulate) {
            c00.add(FloatVector.fromArray(Species.FLOAT, c, ci)).intoArray(c, ci);
            c01.add(FloatVector.fromArray(Species.FLOAT, c, ci + lanes)).intoArray(c, ci + lanes);
            c10.add(FloatVector.fromArray(Species.FLOAT, c, ci + 2 * lanes)).intoArray(c, ci + 2 * lanes);
            c11.add(FloatVector.fromArray(Species.FLOAT, c, ci + 3 * lanes)).intoArray(c, ci + 3 * lanes);
            c20.add(FloatVector.fromArray(Species.FLOAT, c, ci + 4 * lanes)).intoArray(c, ci + 4 * lanes);
            c21.add(FloatVector.fromArray(Species.FLOAT, c, ci + 5 * lanes)).intoArray(c, ci + 5 * lanes);
            c30.add(FloatVector.fromArray(Species.FLOAT, c, ci + 6 * lanes)).intoArray(c, ci + 6 * lanes);
            c31.add(FloatVector.fromArray(Species.FLOAT, c, ci + 7 * lanes)).intoArray(c, ci + 7 * lanes);
        } else {
            c00.intoArray(c, ci);
            c01.intoArray(c, ci + lanes);
            c10.intoArray(c, ci + 2 * lanes);
            c11.intoArray(c, ci + 3 * lanes);
            c20.intoArray(c, ci + 4 * lanes);
            c21.intoArray(c, ci + 5 * lanes);
            c30.intoArray(c, ci + 6 * lanes);
            c31.intoArray(c, ci + 7 * lanes);
        }
    }

    /**
     * C = Aᵀ·B, or C += Aᵀ·B; see {@link #tile}.
     *
     * @param a [depth × ROWS] from {@code ai} on, rows {@link #STRIDE} floats apart
     */
    static void transposedTile(int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, boolean accumulate) {
        if (WarmUp.vectors()) {
            transposedVectorTile(depth, a, ai, b, bi, c, ci, accumulate);
        } else {
            PlainAttention.transposedTile(depth, a, ai, b, bi, c, ci, accumulate);
        }
    }

    private static void transposedVectorTile(
            int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, boolean accumulate) {
        FloatVector c00 = FloatVector.zero(Species.FLOAT);
        FloatVector c01 = FloatVector.zero(Species.FLOAT);
        FloatVector c10 = FloatVector.zero(Species.FLOAT);
        FloatVector c11 = FloatVector.zero(Species.FLOAT);
        FloatVector c20 = FloatVector.zero(Species.FLOAT);
        FloatVector c21 = FloatVector.zero(Species.FLOAT);
        FloatVector c30 = FloatVector.zero(Species.FLOAT);
        FloatVector c31 = FloatVector.zero(Species.FLOAT);
        for (int p = 0; p < depth; p++) {
            FloatVector b0 = FloatVector.fromArray(Species.FLOAT, b, bi + p * COLUMNS);
            FloatVector b1 = FloatVector.fromArray(Species.FLOAT, b, bi + p * COLUMNS + VectorSupport.LANES);
            FloatVector a0 = FloatVector.broadcast(Species.FLOAT, a[ai + p * STRIDE]);
            c00 = a0.fma(b0, c00);
            c01 = a0.fma(b1, c01);
            FloatVector a1 = FloatVector.broadcast(Species.FLOAT, a[ai + p * STRIDE + 1]);
            c10 = a1.fma(b0, c10);
            c11 = a1.fma(b1, c11);
            FloatVector a2 = FloatVector.broadcast(Species.FLOAT, a[ai + p * STRIDE + 2]);
            c20 = a2.fma(b0, c20);
            c21 = a2.fma(b1, c21);
            FloatVector a3 = FloatVector.broadcast(Species.FLOAT, a[ai + p * STRIDE + 3]);
            c30 = a3.fma(b0, c30);
            c31 = a3.fma(b1, c31);
        }
        int lanes = VectorSupport.LANES;
        if (accumulate) {
            c00.add(FloatVector.fromArray(Species.FLOAT, c, ci)).intoArray(c, ci);
            c01.add(FloatVector.fromArray(Species.FLOAT, c, ci + lanes)).intoArray(c, ci + lanes);
            c10.add(FloatVector.fromArray(Species.FLOAT, c, ci + 2 * lanes)).intoArray(c, ci + 2 * lanes);
            c11.add(FloatVector.fromArray(Species.FLOAT, c, ci + 3 * lanes)).intoArray(c, ci + 3 * lanes);
            c20.add(FloatVector.fromArray(Species.FLOAT, c, ci + 4 * lanes)).intoArray(c, ci + 4 * lanes);
            c21.add(FloatVector.fromArray(Species.FLOAT, c, ci + 5 * lanes)).intoArray(c, ci + 5 * lanes);
            c30.add(FloatVector.fromArray(Species.FLOAT, c, ci + 6 * lanes)).intoArray(c, ci + 6 * lanes);
            c31.add(FloatVector.fromArray(Species.FLOAT, c, ci + 7 * lanes)).intoArray(c, ci + 7 * lanes);
        } else {
            c00.intoArray(c, ci);
            c01.intoArray(c, ci + lanes);
            c10.intoArray(c, ci + 2 * lanes);
            c11.intoArray(c, ci + 3 * lanes);
            c20.intoArray(c, ci + 4 * lanes);
            c21.intoArray(c, ci + 5 * lanes);
            c30.intoArray(c, ci + 6 * lanes);
            c31.intoArray(c, ci + 7 * lanes);
        }
    }
}
