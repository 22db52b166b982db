package dev.pg.kernels;

import static dev.pg.kernels.PanelDots.SECOND;
import static dev.pg.kernels.VectorSupport.CACHE_LINE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The products of {@link PanelDots}, of two panels at once that begin {@code apart} bytes from each other, for processors that read two straight streams
 * faster than one. Sums of the second panel lie behind all of the first.
 */
final class PanelPairDots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final VectorSpecies<Integer> INT = Species.INT;
    private static final int LANES = VectorSupport.LANES;

    private PanelPairDots() {}

    /**
     * Two panels of three vectors, four tokens. {@code lanewise} and a mask that is a vector are fewer calls for C2 to inline than {@code fma} and a mask that is an int:
     * with those some JVMs allocated vectors in the loop.
     *
     * @param again is {@code wo} too: C2 does not know, and loads pairs twice, as there is no register left to keep them
     */
    static void pair3x4(
            MemorySegment w,
            long wo,
            long again,
            long apart,
            int pairs,
            int step,
            float[] x,
            int xo,
            float[] sums,
            int so) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        FloatVector s01 = FloatVector.zero(FLOAT);
        FloatVector s02 = FloatVector.zero(FLOAT);
        FloatVector s03 = FloatVector.zero(FLOAT);
        FloatVector s10 = FloatVector.zero(FLOAT);
        FloatVector s11 = FloatVector.zero(FLOAT);
        FloatVector s12 = FloatVector.zero(FLOAT);
        FloatVector s13 = FloatVector.zero(FLOAT);
        FloatVector s20 = FloatVector.zero(FLOAT);
        FloatVector s21 = FloatVector.zero(FLOAT);
        FloatVector s22 = FloatVector.zero(FLOAT);
        FloatVector s23 = FloatVector.zero(FLOAT);
        FloatVector s30 = FloatVector.zero(FLOAT);
        FloatVector s31 = FloatVector.zero(FLOAT);
        FloatVector s32 = FloatVector.zero(FLOAT);
        FloatVector s33 = FloatVector.zero(FLOAT);
        FloatVector s40 = FloatVector.zero(FLOAT);
        FloatVector s41 = FloatVector.zero(FLOAT);
        FloatVector s42 = FloatVector.zero(FLOAT);
        FloatVector s43 = FloatVector.zero(FLOAT);
        FloatVector s50 = FloatVector.zero(FLOAT);
        FloatVector s51 = FloatVector.zero(FLOAT);
        FloatVector s52 = FloatVector.zero(FLOAT);
        FloatVector s53 = FloatVector.zero(FLOAT);
        IntVector second = IntVector.broadcast(INT, SECOND);
        for (int p = 0; p < pairs; p += step) {
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 8 * p]);
            FloatVector x1 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 1]);
            FloatVector x2 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 2]);
            FloatVector x3 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 3]);
            IntVector v0 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p, LITTLE_ENDIAN);
            FloatVector f0 = v0.lanewise(LSHL, 16).reinterpretAsFloats();
            s00 = x0.lanewise(FMA, f0, s00);
            s01 = x1.lanewise(FMA, f0, s01);
            s02 = x2.lanewise(FMA, f0, s02);
            s03 = x3.lanewise(FMA, f0, s03);
            IntVector v1 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            FloatVector f1 = v1.lanewise(LSHL, 16).reinterpretAsFloats();
            s10 = x0.lanewise(FMA, f1, s10);
            s11 = x1.lanewise(FMA, f1, s11);
            s12 = x2.lanewise(FMA, f1, s12);
            s13 = x3.lanewise(FMA, f1, s13);
            IntVector v2 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p + 8L * LANES, LITTLE_ENDIAN);
            FloatVector f2 = v2.lanewise(LSHL, 16).reinterpretAsFloats();
            s20 = x0.lanewise(FMA, f2, s20);
            s21 = x1.lanewise(FMA, f2, s21);
            s22 = x2.lanewise(FMA, f2, s22);
            s23 = x3.lanewise(FMA, f2, s23);
            IntVector v3 = IntVector.fromMemorySegment(INT, w, wo + apart + 12L * LANES * p, LITTLE_ENDIAN);
            FloatVector f3 = v3.lanewise(LSHL, 16).reinterpretAsFloats();
            s30 = x0.lanewise(FMA, f3, s30);
            s31 = x1.lanewise(FMA, f3, s31);
            s32 = x2.lanewise(FMA, f3, s32);
            s33 = x3.lanewise(FMA, f3, s33);
            IntVector v4 =
                    IntVector.fromMemorySegment(INT, w, wo + apart + 12L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            FloatVector f4 = v4.lanewise(LSHL, 16).reinterpretAsFloats();
            s40 = x0.lanewise(FMA, f4, s40);
            s41 = x1.lanewise(FMA, f4, s41);
            s42 = x2.lanewise(FMA, f4, s42);
            s43 = x3.lanewise(FMA, f4, s43);
            IntVector v5 =
                    IntVector.fromMemorySegment(INT, w, wo + apart + 12L * LANES * p + 8L * LANES, LITTLE_ENDIAN);
            FloatVector f5 = v5.lanewise(LSHL, 16).reinterpretAsFloats();
            s50 = x0.lanewise(FMA, f5, s50);
            s51 = x1.lanewise(FMA, f5, s51);
            s52 = x2.lanewise(FMA, f5, s52);
            s53 = x3.lanewise(FMA, f5, s53);
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 4]);
            FloatVector y1 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 5]);
            FloatVector y2 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 6]);
            FloatVector y3 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 7]);
            IntVector w0 = IntVector.fromMemorySegment(INT, w, again + 12L * LANES * p, LITTLE_ENDIAN);
            FloatVector g0 = w0.lanewise(AND, second).reinterpretAsFloats();
            s00 = y0.lanewise(FMA, g0, s00);
            s01 = y1.lanewise(FMA, g0, s01);
            s02 = y2.lanewise(FMA, g0, s02);
            s03 = y3.lanewise(FMA, g0, s03);
            IntVector w1 = IntVector.fromMemorySegment(INT, w, again + 12L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            FloatVector g1 = w1.lanewise(AND, second).reinterpretAsFloats();
            s10 = y0.lanewise(FMA, g1, s10);
            s11 = y1.lanewise(FMA, g1, s11);
            s12 = y2.lanewise(FMA, g1, s12);
            s13 = y3.lanewise(FMA, g1, s13);
            IntVector w2 = IntVector.fromMemorySegment(INT, w, again + 12L * LANES * p + 8L * LANES, LITTLE_ENDIAN);
            FloatVector g2 = w2.lanewise(AND, second).reinterpretAsFloats();
            s20 = y0.lanewise(FMA, g2, s20);
            s21 = y1.lanewise(FMA, g2, s21);
            s22 = y2.lanewise(FMA, g2, s22);
            s23 = y3.lanewise(FMA, g2, s23);
            IntVector w3 = IntVector.fromMemorySegment(INT, w, again + apart + 12L * LANES * p, LITTLE_ENDIAN);
            FloatVector g3 = w3.lanewise(AND, second).reinterpretAsFloats();
            s30 = y0.lanewise(FMA, g3, s30);
            s31 = y1.lanewise(FMA, g3, s31);
            s32 = y2.lanewise(FMA, g3, s32);
            s33 = y3.lanewise(FMA, g3, s33);
            IntVector w4 =
                    IntVector.fromMemorySegment(INT, w, again + apart + 12L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            FloatVector g4 = w4.lanewise(AND, second).reinterpretAsFloats();
            s40 = y0.lanewise(FMA, g4, s40);
            s41 = y1.lanewise(FMA, g4, s41);
            s42 = y2.lanewise(FMA, g4, s42);
            s43 = y3.lanewise(FMA, g4, s43);
            IntVector w5 =
                    IntVector.fromMemorySegment(INT, w, again + apart + 12L * LANES * p + 8L * LANES, LITTLE_ENDIAN);
            FloatVector g5 = w5.lanewise(AND, second).reinterpretAsFloats();
            s50 = y0.lanewise(FMA, g5, s50);
            s51 = y1.lanewise(FMA, g5, s51);
            s52 = y2.lanewise(FMA, g5, s52);
            s53 = y3.lanewise(FMA, g5, s53);
        }
        s00.intoArray(sums, so);
        s10.intoArray(sums, so + LANES);
        s20.intoArray(sums, so + 2 * LANES);
        s01.intoArray(sums, so + Bf16Panels.ROWS);
        s11.intoArray(sums, so + Bf16Panels.ROWS + LANES);
        s21.intoArray(sums, so + Bf16Panels.ROWS + 2 * LANES);
        s02.intoArray(sums, so + 2 * Bf16Panels.ROWS);
        s12.intoArray(sums, so + 2 * Bf16Panels.ROWS + LANES);
        s22.intoArray(sums, so + 2 * Bf16Panels.ROWS + 2 * LANES);
        s03.intoArray(sums, so + 3 * Bf16Panels.ROWS);
        s13.intoArray(sums, so + 3 * Bf16Panels.ROWS + LANES);
        s23.intoArray(sums, so + 3 * Bf16Panels.ROWS + 2 * LANES);
        s30.intoArray(sums, so + 4 * Bf16Panels.ROWS);
        s40.intoArray(sums, so + 4 * Bf16Panels.ROWS + LANES);
        s50.intoArray(sums, so + 4 * Bf16Panels.ROWS + 2 * LANES);
        s31.intoArray(sums, so + 5 * Bf16Panels.ROWS);
        s41.intoArray(sums, so + 5 * Bf16Panels.ROWS + LANES);
        s51.intoArray(sums, so + 5 * Bf16Panels.ROWS + 2 * LANES);
        s32.intoArray(sums, so + 6 * Bf16Panels.ROWS);
        s42.intoArray(sums, so + 6 * Bf16Panels.ROWS + LANES);
        s52.intoArray(sums, so + 6 * Bf16Panels.ROWS + 2 * LANES);
        s33.intoArray(sums, so + 7 * Bf16Panels.ROWS);
        s43.intoArray(sums, so + 7 * Bf16Panels.ROWS + LANES);
        s53.intoArray(sums, so + 7 * Bf16Panels.ROWS + 2 * LANES);
    }

    /**
     * Two panels of three vectors, one token. A cache line of each vector is read four lines ahead, before anything else in a pass.
     *
     * @param read takes what was read ahead, so that C2 reads it
     */
    static void pair3x1(
            MemorySegment w,
            long wo,
            long apart,
            int pairs,
            int step,
            float[] x,
            int xo,
            int[] read,
            float[] sums,
            int so) {
        FloatVector s0 = FloatVector.zero(FLOAT);
        FloatVector s1 = FloatVector.zero(FLOAT);
        FloatVector s2 = FloatVector.zero(FLOAT);
        FloatVector s3 = FloatVector.zero(FLOAT);
        FloatVector s4 = FloatVector.zero(FLOAT);
        FloatVector s5 = FloatVector.zero(FLOAT);
        long last = w.byteSize() - 3 * CACHE_LINE;
        int ahead = 0;
        for (int p = 0; p < pairs; p += step) {
            long next = Math.min(wo + 12L * LANES * p + 4 * CACHE_LINE, last);
            ahead |= w.get(JAVA_BYTE, next)
                    | w.get(JAVA_BYTE, next + CACHE_LINE)
                    | w.get(JAVA_BYTE, next + 2 * CACHE_LINE);
            long otherNext = Math.min(wo + apart + 12L * LANES * p + 4 * CACHE_LINE, last);
            ahead |= w.get(JAVA_BYTE, otherNext)
                    | w.get(JAVA_BYTE, otherNext + CACHE_LINE)
                    | w.get(JAVA_BYTE, otherNext + 2 * CACHE_LINE);
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 2 * p]);
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 2 * p + 1]);
            IntVector w0 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p, LITTLE_ENDIAN);
            IntVector w1 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            IntVector w2 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p + 8L * LANES, LITTLE_ENDIAN);
            s0 = x0.fma(w0.lanewise(LSHL, 16).reinterpretAsFloats(), s0);
            s1 = x0.fma(w1.lanewise(LSHL, 16).reinterpretAsFloats(), s1);
            s2 = x0.fma(w2.lanewise(LSHL, 16).reinterpretAsFloats(), s2);
            s0 = y0.fma(w0.lanewise(AND, SECOND).reinterpretAsFloats(), s0);
            s1 = y0.fma(w1.lanewise(AND, SECOND).reinterpretAsFloats(), s1);
            s2 = y0.fma(w2.lanewise(AND, SECOND).reinterpretAsFloats(), s2);
            IntVector w3 = IntVector.fromMemorySegment(INT, w, wo + apart + 12L * LANES * p, LITTLE_ENDIAN);
            IntVector w4 =
                    IntVector.fromMemorySegment(INT, w, wo + apart + 12L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            IntVector w5 =
                    IntVector.fromMemorySegment(INT, w, wo + apart + 12L * LANES * p + 8L * LANES, LITTLE_ENDIAN);
            s3 = x0.fma(w3.lanewise(LSHL, 16).reinterpretAsFloats(), s3);
            s4 = x0.fma(w4.lanewise(LSHL, 16).reinterpretAsFloats(), s4);
            s5 = x0.fma(w5.lanewise(LSHL, 16).reinterpretAsFloats(), s5);
            s3 = y0.fma(w3.lanewise(AND, SECOND).reinterpretAsFloats(), s3);
            s4 = y0.fma(w4.lanewise(AND, SECOND).reinterpretAsFloats(), s4);
            s5 = y0.fma(w5.lanewise(AND, SECOND).reinterpretAsFloats(), s5);
        }
        s0.intoArray(sums, so);
        s1.intoArray(sums, so + LANES);
        s2.intoArray(sums, so + 2 * LANES);
        s3.intoArray(sums, so + Bf16Panels.ROWS);
        s4.intoArray(sums, so + Bf16Panels.ROWS + LANES);
        s5.intoArray(sums, so + Bf16Panels.ROWS + 2 * LANES);
        read[0] = ahead;
    }

    /** Two panels of two vectors, one token. */
    static void pair2x1(
            MemorySegment w, long wo, long apart, int pairs, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s0 = FloatVector.zero(FLOAT);
        FloatVector s1 = FloatVector.zero(FLOAT);
        FloatVector s2 = FloatVector.zero(FLOAT);
        FloatVector s3 = FloatVector.zero(FLOAT);
        for (int p = 0; p < pairs; p += step) {
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 2 * p]);
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 2 * p + 1]);
            IntVector w0 = IntVector.fromMemorySegment(INT, w, wo + 8L * LANES * p, LITTLE_ENDIAN);
            IntVector w1 = IntVector.fromMemorySegment(INT, w, wo + 8L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            s0 = x0.fma(w0.lanewise(LSHL, 16).reinterpretAsFloats(), s0);
            s1 = x0.fma(w1.lanewise(LSHL, 16).reinterpretAsFloats(), s1);
            s0 = y0.fma(w0.lanewise(AND, SECOND).reinterpretAsFloats(), s0);
            s1 = y0.fma(w1.lanewise(AND, SECOND).reinterpretAsFloats(), s1);
            IntVector w2 = IntVector.fromMemorySegment(INT, w, wo + apart + 8L * LANES * p, LITTLE_ENDIAN);
            IntVector w3 = IntVector.fromMemorySegment(INT, w, wo + apart + 8L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            s2 = x0.fma(w2.lanewise(LSHL, 16).reinterpretAsFloats(), s2);
            s3 = x0.fma(w3.lanewise(LSHL, 16).reinterpretAsFloats(), s3);
            s2 = y0.fma(w2.lanewise(AND, SECOND).reinterpretAsFloats(), s2);
            s3 = y0.fma(w3.lanewise(AND, SECOND).reinterpretAsFloats(), s3);
        }
        s0.intoArray(sums, so);
        s1.intoArray(sums, so + LANES);
        s2.intoArray(sums, so + Bf16Panels.ROWS);
        s3.intoArray(sums, so + Bf16Panels.ROWS + LANES);
    }
}
