package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Dot products of float weights on the heap, where formats without a kernel of their own are unpacked to, piece by piece. */
final class FloatDots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final int LANES = VectorSupport.LANES;

    private FloatDots() {}

    /** See {@link Weights#addDots}; row r starts at index {@code wo + r * stride}. */
    static void add(float[] w, int wo, int stride, int rows, int count, float[] x, int xo, float[] sums, int so) {
        int r = 0;
        if (FewRows.TOGETHER == 6) {
            for (; r <= rows - 6; r += 6) {
                dots6x4(w, wo + r * stride, stride, count, x, xo, sums, so + r * 4 * LANES);
            }
        } else {
            for (; r <= rows - 2; r += 2) {
                dots2x4(w, wo + r * stride, stride, count, LANES, x, xo, sums, so + r * 4 * LANES);
            }
        }
        for (; r < rows; r++) {
            lastRow4(w, wo + r * stride, count, x, xo, sums, so + r * 4 * LANES);
        }
    }

    /** Adds the products of {@code count} weights with one token to one vector of sums. */
    static void straight(float[] w, int wo, int count, float[] x, int xo, float[] sums, int so) {
        FloatVector s0 = FloatVector.zero(FLOAT);
        FloatVector s1 = FloatVector.zero(FLOAT);
        FloatVector s2 = FloatVector.zero(FLOAT);
        FloatVector s3 = FloatVector.zero(FLOAT);
        FloatVector s4 = FloatVector.zero(FLOAT);
        FloatVector s5 = FloatVector.zero(FLOAT);
        int bound = count - count % (6 * LANES);
        for (int k = 0; k < bound; k += 6 * LANES) {
            s0 = FloatVector.fromArray(FLOAT, w, wo + k).fma(FloatVector.fromArray(FLOAT, x, xo + k), s0);
            s1 = FloatVector.fromArray(FLOAT, w, wo + (k + LANES))
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + LANES), s1);
            s2 = FloatVector.fromArray(FLOAT, w, wo + (k + 2 * LANES))
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 2 * LANES), s2);
            s3 = FloatVector.fromArray(FLOAT, w, wo + (k + 3 * LANES))
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 3 * LANES), s3);
            s4 = FloatVector.fromArray(FLOAT, w, wo + (k + 4 * LANES))
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 4 * LANES), s4);
            s5 = FloatVector.fromArray(FLOAT, w, wo + (k + 5 * LANES))
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 5 * LANES), s5);
        }
        for (int k = bound; k < count; k += LANES) {
            s0 = FloatVector.fromArray(FLOAT, w, wo + k).fma(FloatVector.fromArray(FLOAT, x, xo + k), s0);
        }
        FloatVector.fromArray(FLOAT, sums, so)
                .add(s0.add(s1).add(s2.add(s3)).add(s4.add(s5)))
                .intoArray(sums, so);
    }

    private static void dots6x4(float[] w, int wo, int stride, int count, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector s01 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
        FloatVector s10 = FloatVector.fromArray(FLOAT, sums, so + 4 * LANES);
        FloatVector s11 = FloatVector.fromArray(FLOAT, sums, so + 5 * LANES);
        FloatVector s12 = FloatVector.fromArray(FLOAT, sums, so + 6 * LANES);
        FloatVector s13 = FloatVector.fromArray(FLOAT, sums, so + 7 * LANES);
        FloatVector s20 = FloatVector.fromArray(FLOAT, sums, so + 8 * LANES);
        FloatVector s21 = FloatVector.fromArray(FLOAT, sums, so + 9 * LANES);
        FloatVector s22 = FloatVector.fromArray(FLOAT, sums, so + 10 * LANES);
        FloatVector s23 = FloatVector.fromArray(FLOAT, sums, so + 11 * LANES);
        FloatVector s30 = FloatVector.fromArray(FLOAT, sums, so + 12 * LANES);
        FloatVector s31 = FloatVector.fromArray(FLOAT, sums, so + 13 * LANES);
        FloatVector s32 = FloatVector.fromArray(FLOAT, sums, so + 14 * LANES);
        FloatVector s33 = FloatVector.fromArray(FLOAT, sums, so + 15 * LANES);
        FloatVector s40 = FloatVector.fromArray(FLOAT, sums, so + 16 * LANES);
        FloatVector s41 = FloatVector.fromArray(FLOAT, sums, so + 17 * LANES);
        FloatVector s42 = FloatVector.fromArray(FLOAT, sums, so + 18 * LANES);
        FloatVector s43 = FloatVector.fromArray(FLOAT, sums, so + 19 * LANES);
        FloatVector s50 = FloatVector.fromArray(FLOAT, sums, so + 20 * LANES);
        FloatVector s51 = FloatVector.fromArray(FLOAT, sums, so + 21 * LANES);
        FloatVector s52 = FloatVector.fromArray(FLOAT, sums, so + 22 * LANES);
        FloatVector s53 = FloatVector.fromArray(FLOAT, sums, so + 23 * LANES);
        for (int k = 0; k < count; k += LANES) {
            FloatVector w0 = FloatVector.fromArray(FLOAT, w, wo + k);
            FloatVector w1 = FloatVector.fromArray(FLOAT, w, wo + stride + k);
            FloatVector w2 = FloatVector.fromArray(FLOAT, w, wo + 2 * stride + k);
            FloatVector w3 = FloatVector.fromArray(FLOAT, w, wo + 3 * stride + k);
            FloatVector w4 = FloatVector.fromArray(FLOAT, w, wo + 4 * stride + k);
            FloatVector w5 = FloatVector.fromArray(FLOAT, w, wo + 5 * stride + k);
            FloatVector x0 = FloatVector.fromArray(FLOAT, x, xo + 4 * k);
            s00 = w0.fma(x0, s00);
            s10 = w1.fma(x0, s10);
            s20 = w2.fma(x0, s20);
            s30 = w3.fma(x0, s30);
            s40 = w4.fma(x0, s40);
            s50 = w5.fma(x0, s50);
            FloatVector x1 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + LANES);
            s01 = w0.fma(x1, s01);
            s11 = w1.fma(x1, s11);
            s21 = w2.fma(x1, s21);
            s31 = w3.fma(x1, s31);
            s41 = w4.fma(x1, s41);
            s51 = w5.fma(x1, s51);
            FloatVector x2 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + 2 * LANES);
            s02 = w0.fma(x2, s02);
            s12 = w1.fma(x2, s12);
            s22 = w2.fma(x2, s22);
            s32 = w3.fma(x2, s32);
            s42 = w4.fma(x2, s42);
            s52 = w5.fma(x2, s52);
            FloatVector x3 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + 3 * LANES);
            s03 = w0.fma(x3, s03);
            s13 = w1.fma(x3, s13);
            s23 = w2.fma(x3, s23);
            s33 = w3.fma(x3, s33);
            s43 = w4.fma(x3, s43);
            s53 = w5.fma(x3, s53);
        }
        s00.intoArray(sums, so);
        s01.intoArray(sums, so + LANES);
        s02.intoArray(sums, so + 2 * LANES);
        s03.intoArray(sums, so + 3 * LANES);
        s10.intoArray(sums, so + 4 * LANES);
        s11.intoArray(sums, so + 5 * LANES);
        s12.intoArray(sums, so + 6 * LANES);
        s13.intoArray(sums, so + 7 * LANES);
        s20.intoArray(sums, so + 8 * LANES);
        s21.intoArray(sums, so + 9 * LANES);
        s22.intoArray(sums, so + 10 * LANES);
        s23.intoArray(sums, so + 11 * LANES);
        s30.intoArray(sums, so + 12 * LANES);
        s31.intoArray(sums, so + 13 * LANES);
        s32.intoArray(sums, so + 14 * LANES);
        s33.intoArray(sums, so + 15 * LANES);
        s40.intoArray(sums, so + 16 * LANES);
        s41.intoArray(sums, so + 17 * LANES);
        s42.intoArray(sums, so + 18 * LANES);
        s43.intoArray(sums, so + 19 * LANES);
        s50.intoArray(sums, so + 20 * LANES);
        s51.intoArray(sums, so + 21 * LANES);
        s52.intoArray(sums, so + 22 * LANES);
        s53.intoArray(sums, so + 23 * LANES);
    }

    /** The step of its loop is {@link #LANES}, but a parameter: C2 would unroll a loop with a constant step, and spill. */
    private static void dots2x4(
            float[] w, int wo, int stride, int count, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector s01 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
        FloatVector s10 = FloatVector.fromArray(FLOAT, sums, so + 4 * LANES);
        FloatVector s11 = FloatVector.fromArray(FLOAT, sums, so + 5 * LANES);
        FloatVector s12 = FloatVector.fromArray(FLOAT, sums, so + 6 * LANES);
        FloatVector s13 = FloatVector.fromArray(FLOAT, sums, so + 7 * LANES);
        for (int k = 0; k < count; k += step) {
            FloatVector w0 = FloatVector.fromArray(FLOAT, w, wo + k);
            FloatVector w1 = FloatVector.fromArray(FLOAT, w, wo + stride + k);
            FloatVector x0 = FloatVector.fromArray(FLOAT, x, xo + 4 * k);
            s00 = w0.fma(x0, s00);
            s10 = w1.fma(x0, s10);
            FloatVector x1 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + LANES);
            s01 = w0.fma(x1, s01);
            s11 = w1.fma(x1, s11);
            FloatVector x2 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + 2 * LANES);
            s02 = w0.fma(x2, s02);
            s12 = w1.fma(x2, s12);
            FloatVector x3 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + 3 * LANES);
            s03 = w0.fma(x3, s03);
            s13 = w1.fma(x3, s13);
        }
        s00.intoArray(sums, so);
        s01.intoArray(sums, so + LANES);
        s02.intoArray(sums, so + 2 * LANES);
        s03.intoArray(sums, so + 3 * LANES);
        s10.intoArray(sums, so + 4 * LANES);
        s11.intoArray(sums, so + 5 * LANES);
        s12.intoArray(sums, so + 6 * LANES);
        s13.intoArray(sums, so + 7 * LANES);
    }

    private static void lastRow4(float[] w, int wo, int count, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector s01 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
        for (int k = 0; k < count; k += LANES) {
            FloatVector w0 = FloatVector.fromArray(FLOAT, w, wo + k);
            FloatVector x0 = FloatVector.fromArray(FLOAT, x, xo + 4 * k);
            s00 = w0.fma(x0, s00);
            FloatVector x1 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + LANES);
            s01 = w0.fma(x1, s01);
            FloatVector x2 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + 2 * LANES);
            s02 = w0.fma(x2, s02);
            FloatVector x3 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + 3 * LANES);
            s03 = w0.fma(x3, s03);
        }
        s00.intoArray(sums, so);
        s01.intoArray(sums, so + LANES);
        s02.intoArray(sums, so + 2 * LANES);
        s03.intoArray(sums, so + 3 * LANES);
    }
}
