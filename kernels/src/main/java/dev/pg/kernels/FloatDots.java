package dev.pg.kernels;

import static dev.pg.kernels.FewRows.TOGETHER;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Dot products of float weights on the heap, where formats without a kernel of their own unpack to. */
final class FloatDots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final int LANES = Species.LANES;

    private FloatDots() {}

    /**
     * Adds the products of some rows of weights with one token or four to sums[row][token][lane]; input k goes to lane k mod LANES.
     *
     * @param w weights; row r starts at index {@code wo + r * stride}
     * @param rows a multiple of {@link FewRows#ROWS}
     * @param count inputs, a multiple of the lanes
     * @param x one token, or [k / lanes × 4 tokens × lanes]
     */
    static void add(
            float[] w, int wo, int stride, int rows, int count, int tokens, float[] x, int xo, float[] sums, int so) {
        if (tokens == 1) {
            for (int r = 0; r < rows; r += 8) {
                dots8x1(w, wo + r * stride, stride, count, x, xo, sums, so + r * LANES);
            }
        } else if (TOGETHER == 4) {
            for (int r = 0; r < rows; r += 4) {
                dots4x4(w, wo + r * stride, stride, count, x, xo, sums, so + r * 4 * LANES);
            }
        } else {
            for (int r = 0; r < rows; r += 2) {
                dots2x4(w, wo + r * stride, stride, count, x, xo, sums, so + r * 4 * LANES);
            }
        }
    }

    private static void dots8x1(float[] w, int wo, int stride, int count, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector s10 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector s20 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector s30 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
        FloatVector s40 = FloatVector.fromArray(FLOAT, sums, so + 4 * LANES);
        FloatVector s50 = FloatVector.fromArray(FLOAT, sums, so + 5 * LANES);
        FloatVector s60 = FloatVector.fromArray(FLOAT, sums, so + 6 * LANES);
        FloatVector s70 = FloatVector.fromArray(FLOAT, sums, so + 7 * LANES);
        for (int k = 0; k < count; k += LANES) {
            FloatVector x0 = FloatVector.fromArray(FLOAT, x, xo + k);
            s00 = FloatVector.fromArray(FLOAT, w, wo + k).fma(x0, s00);
            s10 = FloatVector.fromArray(FLOAT, w, wo + stride + k).fma(x0, s10);
            s20 = FloatVector.fromArray(FLOAT, w, wo + 2 * stride + k).fma(x0, s20);
            s30 = FloatVector.fromArray(FLOAT, w, wo + 3 * stride + k).fma(x0, s30);
            s40 = FloatVector.fromArray(FLOAT, w, wo + 4 * stride + k).fma(x0, s40);
            s50 = FloatVector.fromArray(FLOAT, w, wo + 5 * stride + k).fma(x0, s50);
            s60 = FloatVector.fromArray(FLOAT, w, wo + 6 * stride + k).fma(x0, s60);
            s70 = FloatVector.fromArray(FLOAT, w, wo + 7 * stride + k).fma(x0, s70);
        }
        s00.intoArray(sums, so);
        s10.intoArray(sums, so + LANES);
        s20.intoArray(sums, so + 2 * LANES);
        s30.intoArray(sums, so + 3 * LANES);
        s40.intoArray(sums, so + 4 * LANES);
        s50.intoArray(sums, so + 5 * LANES);
        s60.intoArray(sums, so + 6 * LANES);
        s70.intoArray(sums, so + 7 * LANES);
    }

    private static void dots4x4(float[] w, int wo, int stride, int count, float[] x, int xo, float[] sums, int so) {
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
        for (int k = 0; k < count; k += LANES) {
            FloatVector w0 = FloatVector.fromArray(FLOAT, w, wo + k);
            FloatVector w1 = FloatVector.fromArray(FLOAT, w, wo + stride + k);
            FloatVector w2 = FloatVector.fromArray(FLOAT, w, wo + 2 * stride + k);
            FloatVector w3 = FloatVector.fromArray(FLOAT, w, wo + 3 * stride + k);
            FloatVector x0 = FloatVector.fromArray(FLOAT, x, xo + 4 * k);
            s00 = w0.fma(x0, s00);
            s10 = w1.fma(x0, s10);
            s20 = w2.fma(x0, s20);
            s30 = w3.fma(x0, s30);
            FloatVector x1 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + LANES);
            s01 = w0.fma(x1, s01);
            s11 = w1.fma(x1, s11);
            s21 = w2.fma(x1, s21);
            s31 = w3.fma(x1, s31);
            FloatVector x2 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + 2 * LANES);
            s02 = w0.fma(x2, s02);
            s12 = w1.fma(x2, s12);
            s22 = w2.fma(x2, s22);
            s32 = w3.fma(x2, s32);
            FloatVector x3 = FloatVector.fromArray(FLOAT, x, xo + 4 * k + 3 * LANES);
            s03 = w0.fma(x3, s03);
            s13 = w1.fma(x3, s13);
            s23 = w2.fma(x3, s23);
            s33 = w3.fma(x3, s33);
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
    }

    private static void dots2x4(float[] w, int wo, int stride, int count, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector s01 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
        FloatVector s10 = FloatVector.fromArray(FLOAT, sums, so + 4 * LANES);
        FloatVector s11 = FloatVector.fromArray(FLOAT, sums, so + 5 * LANES);
        FloatVector s12 = FloatVector.fromArray(FLOAT, sums, so + 6 * LANES);
        FloatVector s13 = FloatVector.fromArray(FLOAT, sums, so + 7 * LANES);
        for (int k = 0; k < count; k += LANES) {
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
}
