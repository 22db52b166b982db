package dev.pg.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Dot products of mapped float weights with one token. */
final class F32Dots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final int LANES = VectorSupport.LANES;

    private F32Dots() {}

    /** See {@link Weights#dots}; row r starts at byte {@code wo + r * stride}. */
    static void dots(MemorySegment w, long wo, long stride, int rows, int count, float[] x, int xo, float[] sums) {
        if (count <= FewRows.NARROW) {
            for (int r = 0; r < rows; r++) {
                straight(w, wo + r * stride, count, x, xo, sums, r * LANES);
            }
            return;
        }
        int r = 0;
        for (; r <= rows - FewRows.STREAMS; r += FewRows.STREAMS) {
            dots12x1(w, wo + r * stride, stride, count, LANES, x, xo, sums, r * LANES);
        }
        for (; r < rows; r++) {
            lastRow(w, wo + r * stride, count, LANES, x, xo, sums, r * LANES);
        }
    }

    private static void straight(MemorySegment w, long wo, int count, float[] x, int xo, float[] sums, int so) {
        FloatVector s0 = FloatVector.zero(FLOAT);
        FloatVector s1 = FloatVector.zero(FLOAT);
        FloatVector s2 = FloatVector.zero(FLOAT);
        FloatVector s3 = FloatVector.zero(FLOAT);
        FloatVector s4 = FloatVector.zero(FLOAT);
        FloatVector s5 = FloatVector.zero(FLOAT);
        int bound = count - count % (6 * LANES);
        for (int k = 0; k < bound; k += 6 * LANES) {
            s0 = FloatVector.fromMemorySegment(FLOAT, w, wo + 4L * k, LITTLE_ENDIAN)
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k), s0);
            s1 = FloatVector.fromMemorySegment(FLOAT, w, wo + 4L * (k + LANES), LITTLE_ENDIAN)
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + LANES), s1);
            s2 = FloatVector.fromMemorySegment(FLOAT, w, wo + 4L * (k + 2 * LANES), LITTLE_ENDIAN)
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 2 * LANES), s2);
            s3 = FloatVector.fromMemorySegment(FLOAT, w, wo + 4L * (k + 3 * LANES), LITTLE_ENDIAN)
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 3 * LANES), s3);
            s4 = FloatVector.fromMemorySegment(FLOAT, w, wo + 4L * (k + 4 * LANES), LITTLE_ENDIAN)
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 4 * LANES), s4);
            s5 = FloatVector.fromMemorySegment(FLOAT, w, wo + 4L * (k + 5 * LANES), LITTLE_ENDIAN)
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 5 * LANES), s5);
        }
        for (int k = bound; k < count; k += LANES) {
            s0 = FloatVector.fromMemorySegment(FLOAT, w, wo + 4L * k, LITTLE_ENDIAN)
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k), s0);
        }
        s0.add(s1).add(s2.add(s3)).add(s4.add(s5)).intoArray(sums, so);
    }

    /** The step of its loop is {@link #LANES}, but a parameter: C2 would unroll a loop with a constant step, and spill. */
    private static void dots12x1(
            MemorySegment w, long wo, long stride, int count, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s0 = FloatVector.zero(FLOAT);
        FloatVector s1 = FloatVector.zero(FLOAT);
        FloatVector s2 = FloatVector.zero(FLOAT);
        FloatVector s3 = FloatVector.zero(FLOAT);
        FloatVector s4 = FloatVector.zero(FLOAT);
        FloatVector s5 = FloatVector.zero(FLOAT);
        FloatVector s6 = FloatVector.zero(FLOAT);
        FloatVector s7 = FloatVector.zero(FLOAT);
        FloatVector s8 = FloatVector.zero(FLOAT);
        FloatVector s9 = FloatVector.zero(FLOAT);
        FloatVector s10 = FloatVector.zero(FLOAT);
        FloatVector s11 = FloatVector.zero(FLOAT);
        for (int k = 0; k < count; k += step) {
            FloatVector x0 = FloatVector.fromArray(FLOAT, x, xo + k);
            s0 = FloatVector.fromMemorySegment(FLOAT, w, wo + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s0);
            s1 = FloatVector.fromMemorySegment(FLOAT, w, wo + stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s1);
            s2 = FloatVector.fromMemorySegment(FLOAT, w, wo + 2 * stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s2);
            s3 = FloatVector.fromMemorySegment(FLOAT, w, wo + 3 * stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s3);
            s4 = FloatVector.fromMemorySegment(FLOAT, w, wo + 4 * stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s4);
            s5 = FloatVector.fromMemorySegment(FLOAT, w, wo + 5 * stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s5);
            s6 = FloatVector.fromMemorySegment(FLOAT, w, wo + 6 * stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s6);
            s7 = FloatVector.fromMemorySegment(FLOAT, w, wo + 7 * stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s7);
            s8 = FloatVector.fromMemorySegment(FLOAT, w, wo + 8 * stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s8);
            s9 = FloatVector.fromMemorySegment(FLOAT, w, wo + 9 * stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s9);
            s10 = FloatVector.fromMemorySegment(FLOAT, w, wo + 10 * stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s10);
            s11 = FloatVector.fromMemorySegment(FLOAT, w, wo + 11 * stride + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s11);
        }
        s0.intoArray(sums, so);
        s1.intoArray(sums, so + LANES);
        s2.intoArray(sums, so + 2 * LANES);
        s3.intoArray(sums, so + 3 * LANES);
        s4.intoArray(sums, so + 4 * LANES);
        s5.intoArray(sums, so + 5 * LANES);
        s6.intoArray(sums, so + 6 * LANES);
        s7.intoArray(sums, so + 7 * LANES);
        s8.intoArray(sums, so + 8 * LANES);
        s9.intoArray(sums, so + 9 * LANES);
        s10.intoArray(sums, so + 10 * LANES);
        s11.intoArray(sums, so + 11 * LANES);
    }

    /** See {@link #dots12x1} for the step. */
    private static void lastRow(
            MemorySegment w, long wo, int count, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s0 = FloatVector.zero(FLOAT);
        for (int k = 0; k < count; k += step) {
            FloatVector x0 = FloatVector.fromArray(FLOAT, x, xo + k);
            s0 = FloatVector.fromMemorySegment(FLOAT, w, wo + 4L * k, LITTLE_ENDIAN)
                    .fma(x0, s0);
        }
        s0.intoArray(sums, so);
    }
}
