package dev.pg.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of mapped bfloat16 weights, widened in registers: a bfloat16 is the upper half of its float.
 *
 * <p>The widening stands in every line because C2 gives up inlining helpers in methods of this size (the JDK's own
 * methods are exempt), and then vectors are boxed: a third of the speed.
 */
final class Bf16Dots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final VectorSpecies<Integer> INT = Species.INT;
    private static final VectorSpecies<Short> SHORT = Species.SHORT;
    private static final int LANES = VectorSupport.LANES;

    /** Rows of a block widened at once. One by one, a row's piece ends before the processor reads ahead: two thirds of the speed. */
    static final int UNPACKED_TOGETHER = 8;

    private Bf16Dots() {}

    /** See {@link Weights#dots}; row r starts at byte {@code wo + r * stride}. */
    static void dots(MemorySegment w, long wo, long stride, int rows, int count, float[] x, int xo, float[] sums) {
        if (count <= FewRows.NARROW) {
            for (int r = 0; r < rows; r++) {
                straight(w, wo + r * stride, count, x, xo, sums, r * LANES);
            }
            return;
        }
        int r = 0;
        if (Processor.MANY_STREAMS && count <= FewRows.SHORT) {
            int apart = rows / 8;
            for (; r < apart; r++) {
                dots8x1(w, wo + r * stride, apart * stride, count, x, xo, sums, r * LANES, apart * LANES);
            }
            r = 8 * apart;
        } else {
            for (; r <= rows - FewRows.STREAMS; r += FewRows.STREAMS) {
                dots12x1(w, wo + r * stride, stride, count, x, xo, sums, r * LANES);
            }
        }
        for (; r < rows; r++) {
            lastRow(w, wo + r * stride, count, x, xo, sums, r * LANES);
        }
    }

    /** See {@link Weights#addDots}; row r starts at byte {@code wo + r * stride}. */
    static void add(
            MemorySegment w, long wo, long stride, int rows, int count, float[] x, int xo, float[] sums, int so) {
        int r = 0;
        if (FewRows.TOGETHER == 6) {
            for (; r <= rows - 6; r += 6) {
                dots6x4(w, wo + r * stride, stride, count, x, xo, sums, so + r * 4 * LANES);
            }
        } else {
            for (; r <= rows - 2; r += 2) {
                dots2x4(w, wo + r * stride, stride, count, x, xo, sums, so + r * 4 * LANES);
            }
        }
        for (; r < rows; r++) {
            lastRow4(w, wo + r * stride, count, x, xo, sums, so + r * 4 * LANES);
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
            s0 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k), s0);
            s1 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * (k + LANES), LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + LANES), s1);
            s2 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * (k + 2 * LANES), LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 2 * LANES), s2);
            s3 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * (k + 3 * LANES), LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 3 * LANES), s3);
            s4 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * (k + 4 * LANES), LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 4 * LANES), s4);
            s5 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * (k + 5 * LANES), LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k + 5 * LANES), s5);
        }
        for (int k = bound; k < count; k += LANES) {
            s0 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(FloatVector.fromArray(FLOAT, x, xo + k), s0);
        }
        s0.add(s1).add(s2.add(s3)).add(s4.add(s5)).intoArray(sums, so);
    }

    /**
     * Eight rows, {@code stride} bytes from one to the next, whose sums lie {@code sumStride} apart. Where they are far from each other, and the next rows follow
     * them in memory, these are eight straight streams, which an Intel Xeon reads faster than neighbouring rows.
     */
    static void dots8x1(
            MemorySegment w, long wo, long stride, int count, float[] x, int xo, float[] sums, int so, int sumStride) {
        FloatVector s0 = FloatVector.zero(FLOAT);
        FloatVector s1 = FloatVector.zero(FLOAT);
        FloatVector s2 = FloatVector.zero(FLOAT);
        FloatVector s3 = FloatVector.zero(FLOAT);
        FloatVector s4 = FloatVector.zero(FLOAT);
        FloatVector s5 = FloatVector.zero(FLOAT);
        FloatVector s6 = FloatVector.zero(FLOAT);
        FloatVector s7 = FloatVector.zero(FLOAT);
        for (int k = 0; k < count; k += LANES) {
            FloatVector x0 = FloatVector.fromArray(FLOAT, x, xo + k);
            s0 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s0);
            s1 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s1);
            s2 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s2);
            s3 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 3 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s3);
            s4 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 4 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s4);
            s5 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 5 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s5);
            s6 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 6 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s6);
            s7 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 7 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s7);
        }
        s0.intoArray(sums, so);
        s1.intoArray(sums, so + sumStride);
        s2.intoArray(sums, so + 2 * sumStride);
        s3.intoArray(sums, so + 3 * sumStride);
        s4.intoArray(sums, so + 4 * sumStride);
        s5.intoArray(sums, so + 5 * sumStride);
        s6.intoArray(sums, so + 6 * sumStride);
        s7.intoArray(sums, so + 7 * sumStride);
    }

    static void dots12x1(MemorySegment w, long wo, long stride, int count, float[] x, int xo, float[] sums, int so) {
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
        for (int k = 0; k < count; k += LANES) {
            FloatVector x0 = FloatVector.fromArray(FLOAT, x, xo + k);
            s0 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s0);
            s1 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s1);
            s2 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s2);
            s3 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 3 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s3);
            s4 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 4 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s4);
            s5 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 5 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s5);
            s6 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 6 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s6);
            s7 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 7 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s7);
            s8 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 8 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s8);
            s9 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 9 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s9);
            s10 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 10 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s10);
            s11 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 11 * stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
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

    private static void lastRow(MemorySegment w, long wo, int count, float[] x, int xo, float[] sums, int so) {
        FloatVector s0 = FloatVector.zero(FLOAT);
        for (int k = 0; k < count; k += LANES) {
            FloatVector x0 = FloatVector.fromArray(FLOAT, x, xo + k);
            s0 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(x0, s0);
        }
        s0.intoArray(sums, so);
    }

    private static void dots6x4(
            MemorySegment w, long wo, long stride, int count, float[] x, int xo, float[] sums, int so) {
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
            FloatVector w0 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w2 = ((IntVector)
                            ShortVector.fromMemorySegment(SHORT, w, wo + 2 * stride + 2L * k, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w3 = ((IntVector)
                            ShortVector.fromMemorySegment(SHORT, w, wo + 3 * stride + 2L * k, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w4 = ((IntVector)
                            ShortVector.fromMemorySegment(SHORT, w, wo + 4 * stride + 2L * k, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w5 = ((IntVector)
                            ShortVector.fromMemorySegment(SHORT, w, wo + 5 * stride + 2L * k, LITTLE_ENDIAN)
                                    .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats();
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

    private static void dots2x4(
            MemorySegment w, long wo, long stride, int count, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector s01 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
        FloatVector s10 = FloatVector.fromArray(FLOAT, sums, so + 4 * LANES);
        FloatVector s11 = FloatVector.fromArray(FLOAT, sums, so + 5 * LANES);
        FloatVector s12 = FloatVector.fromArray(FLOAT, sums, so + 6 * LANES);
        FloatVector s13 = FloatVector.fromArray(FLOAT, sums, so + 7 * LANES);
        for (int k = 0; k < count; k += LANES) {
            FloatVector w0 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + stride + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats();
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

    private static void lastRow4(MemorySegment w, long wo, int count, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector s01 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
        for (int k = 0; k < count; k += LANES) {
            FloatVector w0 = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, wo + 2L * k, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats();
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

    /** Widens whole vectors from byte {@code offset} on; returns how many elements that were. */
    static int unpack(MemorySegment w, long offset, int count, float[] dst, int dstOffset) {
        int end = FLOAT.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector v = ((IntVector) ShortVector.fromMemorySegment(SHORT, w, offset + 2L * i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats();
            v.intoArray(dst, dstOffset + i);
        }
        return end;
    }

    /**
     * Widens the whole vectors of rows that start {@code stride} bytes apart; returns how many elements of each row that were.
     *
     * @param rows a multiple of {@link #UNPACKED_TOGETHER}
     */
    static int unpack(
            MemorySegment w, long offset, long stride, int rows, int count, float[] dst, int dstOffset, int dstStride) {
        int end = FLOAT.loopBound(count);
        for (int r = 0; r < rows; r += UNPACKED_TOGETHER) {
            unpack8(w, offset + r * stride, stride, end, dst, dstOffset + r * dstStride, dstStride);
        }
        return end;
    }

    private static void unpack8(
            MemorySegment w, long offset, long stride, int end, float[] dst, int to, int dstStride) {
        for (int i = 0; i < end; i += LANES) {
            ((IntVector) ShortVector.fromMemorySegment(SHORT, w, offset + 2L * i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(dst, to + i);
            ((IntVector) ShortVector.fromMemorySegment(SHORT, w, offset + stride + 2L * i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(dst, to + dstStride + i);
            ((IntVector) ShortVector.fromMemorySegment(SHORT, w, offset + 2 * stride + 2L * i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(dst, to + 2 * dstStride + i);
            ((IntVector) ShortVector.fromMemorySegment(SHORT, w, offset + 3 * stride + 2L * i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(dst, to + 3 * dstStride + i);
            ((IntVector) ShortVector.fromMemorySegment(SHORT, w, offset + 4 * stride + 2L * i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(dst, to + 4 * dstStride + i);
            ((IntVector) ShortVector.fromMemorySegment(SHORT, w, offset + 5 * stride + 2L * i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(dst, to + 5 * dstStride + i);
            ((IntVector) ShortVector.fromMemorySegment(SHORT, w, offset + 6 * stride + 2L * i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(dst, to + 6 * dstStride + i);
            ((IntVector) ShortVector.fromMemorySegment(SHORT, w, offset + 7 * stride + 2L * i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(dst, to + 7 * dstStride + i);
        }
    }
}
