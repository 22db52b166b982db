package dev.pg.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of a panel of {@link Bf16Panels} and one, four or eight tokens, for vectors of rows: {@code sums[token][row]} for all inputs, each sum a
 * chain of multiply-adds in the order of the inputs. Written out, as C2 stops inlining helpers in methods of this size.
 *
 * <p>In all of them, weights begin at byte {@code wo}, {@code step} is 1, a parameter so that C2 does not unroll the loop and spill,
 * one token's inputs begin at {@code x[xo]}, four tokens' lie as [inputs × 4], eight as [inputs × 8], and sums of
 * a token begin {@link Bf16Panels#ROWS} behind those of the one before.
 */
final class PanelDots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final VectorSpecies<Integer> INT = Species.INT;
    private static final VectorSpecies<Short> PAIRS = Species.SHORT_PAIRS;
    private static final int LANES = VectorSupport.LANES;

    /** The half of a pair that belongs to its second input. */
    static final int SECOND = 0xffff0000;

    private PanelDots() {}

    /** A panel of three vectors, eight tokens. */
    static void dots3x8(MemorySegment w, long wo, int pairs, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        FloatVector s01 = FloatVector.zero(FLOAT);
        FloatVector s02 = FloatVector.zero(FLOAT);
        FloatVector s03 = FloatVector.zero(FLOAT);
        FloatVector s04 = FloatVector.zero(FLOAT);
        FloatVector s05 = FloatVector.zero(FLOAT);
        FloatVector s06 = FloatVector.zero(FLOAT);
        FloatVector s07 = FloatVector.zero(FLOAT);
        FloatVector s10 = FloatVector.zero(FLOAT);
        FloatVector s11 = FloatVector.zero(FLOAT);
        FloatVector s12 = FloatVector.zero(FLOAT);
        FloatVector s13 = FloatVector.zero(FLOAT);
        FloatVector s14 = FloatVector.zero(FLOAT);
        FloatVector s15 = FloatVector.zero(FLOAT);
        FloatVector s16 = FloatVector.zero(FLOAT);
        FloatVector s17 = FloatVector.zero(FLOAT);
        FloatVector s20 = FloatVector.zero(FLOAT);
        FloatVector s21 = FloatVector.zero(FLOAT);
        FloatVector s22 = FloatVector.zero(FLOAT);
        FloatVector s23 = FloatVector.zero(FLOAT);
        FloatVector s24 = FloatVector.zero(FLOAT);
        FloatVector s25 = FloatVector.zero(FLOAT);
        FloatVector s26 = FloatVector.zero(FLOAT);
        FloatVector s27 = FloatVector.zero(FLOAT);
        for (int p = 0; p < pairs; p += step) {
            IntVector w0 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p, LITTLE_ENDIAN);
            IntVector w1 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            IntVector w2 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p + 8L * LANES, LITTLE_ENDIAN);
            FloatVector f0 = w0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector f1 = w1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector f2 = w2.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 16 * p]);
            s00 = x0.fma(f0, s00);
            s10 = x0.fma(f1, s10);
            s20 = x0.fma(f2, s20);
            FloatVector x1 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 1]);
            s01 = x1.fma(f0, s01);
            s11 = x1.fma(f1, s11);
            s21 = x1.fma(f2, s21);
            FloatVector x2 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 2]);
            s02 = x2.fma(f0, s02);
            s12 = x2.fma(f1, s12);
            s22 = x2.fma(f2, s22);
            FloatVector x3 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 3]);
            s03 = x3.fma(f0, s03);
            s13 = x3.fma(f1, s13);
            s23 = x3.fma(f2, s23);
            FloatVector x4 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 4]);
            s04 = x4.fma(f0, s04);
            s14 = x4.fma(f1, s14);
            s24 = x4.fma(f2, s24);
            FloatVector x5 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 5]);
            s05 = x5.fma(f0, s05);
            s15 = x5.fma(f1, s15);
            s25 = x5.fma(f2, s25);
            FloatVector x6 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 6]);
            s06 = x6.fma(f0, s06);
            s16 = x6.fma(f1, s16);
            s26 = x6.fma(f2, s26);
            FloatVector x7 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 7]);
            s07 = x7.fma(f0, s07);
            s17 = x7.fma(f1, s17);
            s27 = x7.fma(f2, s27);
            IntVector v0 = ShortVector.fromMemorySegment(PAIRS, w, wo + 12L * LANES * p, LITTLE_ENDIAN)
                    .reinterpretAsInts();
            FloatVector g0 = v0.lanewise(AND, SECOND).reinterpretAsFloats();
            IntVector v1 = ShortVector.fromMemorySegment(PAIRS, w, wo + 12L * LANES * p + 4L * LANES, LITTLE_ENDIAN)
                    .reinterpretAsInts();
            FloatVector g1 = v1.lanewise(AND, SECOND).reinterpretAsFloats();
            IntVector v2 = ShortVector.fromMemorySegment(PAIRS, w, wo + 12L * LANES * p + 8L * LANES, LITTLE_ENDIAN)
                    .reinterpretAsInts();
            FloatVector g2 = v2.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 8]);
            s00 = y0.fma(g0, s00);
            s10 = y0.fma(g1, s10);
            s20 = y0.fma(g2, s20);
            FloatVector y1 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 9]);
            s01 = y1.fma(g0, s01);
            s11 = y1.fma(g1, s11);
            s21 = y1.fma(g2, s21);
            FloatVector y2 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 10]);
            s02 = y2.fma(g0, s02);
            s12 = y2.fma(g1, s12);
            s22 = y2.fma(g2, s22);
            FloatVector y3 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 11]);
            s03 = y3.fma(g0, s03);
            s13 = y3.fma(g1, s13);
            s23 = y3.fma(g2, s23);
            FloatVector y4 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 12]);
            s04 = y4.fma(g0, s04);
            s14 = y4.fma(g1, s14);
            s24 = y4.fma(g2, s24);
            FloatVector y5 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 13]);
            s05 = y5.fma(g0, s05);
            s15 = y5.fma(g1, s15);
            s25 = y5.fma(g2, s25);
            FloatVector y6 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 14]);
            s06 = y6.fma(g0, s06);
            s16 = y6.fma(g1, s16);
            s26 = y6.fma(g2, s26);
            FloatVector y7 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 15]);
            s07 = y7.fma(g0, s07);
            s17 = y7.fma(g1, s17);
            s27 = y7.fma(g2, s27);
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
        s04.intoArray(sums, so + 4 * Bf16Panels.ROWS);
        s14.intoArray(sums, so + 4 * Bf16Panels.ROWS + LANES);
        s24.intoArray(sums, so + 4 * Bf16Panels.ROWS + 2 * LANES);
        s05.intoArray(sums, so + 5 * Bf16Panels.ROWS);
        s15.intoArray(sums, so + 5 * Bf16Panels.ROWS + LANES);
        s25.intoArray(sums, so + 5 * Bf16Panels.ROWS + 2 * LANES);
        s06.intoArray(sums, so + 6 * Bf16Panels.ROWS);
        s16.intoArray(sums, so + 6 * Bf16Panels.ROWS + LANES);
        s26.intoArray(sums, so + 6 * Bf16Panels.ROWS + 2 * LANES);
        s07.intoArray(sums, so + 7 * Bf16Panels.ROWS);
        s17.intoArray(sums, so + 7 * Bf16Panels.ROWS + LANES);
        s27.intoArray(sums, so + 7 * Bf16Panels.ROWS + 2 * LANES);
    }

    /** A panel of three vectors, four tokens. */
    static void dots3x4(MemorySegment w, long wo, int pairs, int step, float[] x, int xo, float[] sums, int so) {
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
        for (int p = 0; p < pairs; p += step) {
            IntVector w0 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p, LITTLE_ENDIAN);
            IntVector w1 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            IntVector w2 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p + 8L * LANES, LITTLE_ENDIAN);
            FloatVector f0 = w0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector f1 = w1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector f2 = w2.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 8 * p]);
            s00 = x0.fma(f0, s00);
            s10 = x0.fma(f1, s10);
            s20 = x0.fma(f2, s20);
            FloatVector x1 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 1]);
            s01 = x1.fma(f0, s01);
            s11 = x1.fma(f1, s11);
            s21 = x1.fma(f2, s21);
            FloatVector x2 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 2]);
            s02 = x2.fma(f0, s02);
            s12 = x2.fma(f1, s12);
            s22 = x2.fma(f2, s22);
            FloatVector x3 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 3]);
            s03 = x3.fma(f0, s03);
            s13 = x3.fma(f1, s13);
            s23 = x3.fma(f2, s23);
            FloatVector g0 = w0.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector g1 = w1.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector g2 = w2.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 4]);
            s00 = y0.fma(g0, s00);
            s10 = y0.fma(g1, s10);
            s20 = y0.fma(g2, s20);
            FloatVector y1 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 5]);
            s01 = y1.fma(g0, s01);
            s11 = y1.fma(g1, s11);
            s21 = y1.fma(g2, s21);
            FloatVector y2 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 6]);
            s02 = y2.fma(g0, s02);
            s12 = y2.fma(g1, s12);
            s22 = y2.fma(g2, s22);
            FloatVector y3 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 7]);
            s03 = y3.fma(g0, s03);
            s13 = y3.fma(g1, s13);
            s23 = y3.fma(g2, s23);
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
    }

    /** A panel of three vectors, one token. */
    static void dots3x1(MemorySegment w, long wo, int pairs, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        FloatVector s10 = FloatVector.zero(FLOAT);
        FloatVector s20 = FloatVector.zero(FLOAT);
        for (int p = 0; p < pairs; p += step) {
            IntVector w0 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p, LITTLE_ENDIAN);
            IntVector w1 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            IntVector w2 = IntVector.fromMemorySegment(INT, w, wo + 12L * LANES * p + 8L * LANES, LITTLE_ENDIAN);
            FloatVector f0 = w0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector f1 = w1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector f2 = w2.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 2 * p]);
            s00 = x0.fma(f0, s00);
            s10 = x0.fma(f1, s10);
            s20 = x0.fma(f2, s20);
            FloatVector g0 = w0.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector g1 = w1.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector g2 = w2.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 2 * p + 1]);
            s00 = y0.fma(g0, s00);
            s10 = y0.fma(g1, s10);
            s20 = y0.fma(g2, s20);
        }
        s00.intoArray(sums, so);
        s10.intoArray(sums, so + LANES);
        s20.intoArray(sums, so + 2 * LANES);
    }

    /** A panel of two vectors, four tokens. */
    static void dots2x4(MemorySegment w, long wo, int pairs, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        FloatVector s01 = FloatVector.zero(FLOAT);
        FloatVector s02 = FloatVector.zero(FLOAT);
        FloatVector s03 = FloatVector.zero(FLOAT);
        FloatVector s10 = FloatVector.zero(FLOAT);
        FloatVector s11 = FloatVector.zero(FLOAT);
        FloatVector s12 = FloatVector.zero(FLOAT);
        FloatVector s13 = FloatVector.zero(FLOAT);
        for (int p = 0; p < pairs; p += step) {
            IntVector w0 = IntVector.fromMemorySegment(INT, w, wo + 8L * LANES * p, LITTLE_ENDIAN);
            IntVector w1 = IntVector.fromMemorySegment(INT, w, wo + 8L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            FloatVector f0 = w0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector f1 = w1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 8 * p]);
            s00 = x0.fma(f0, s00);
            s10 = x0.fma(f1, s10);
            FloatVector x1 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 1]);
            s01 = x1.fma(f0, s01);
            s11 = x1.fma(f1, s11);
            FloatVector x2 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 2]);
            s02 = x2.fma(f0, s02);
            s12 = x2.fma(f1, s12);
            FloatVector x3 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 3]);
            s03 = x3.fma(f0, s03);
            s13 = x3.fma(f1, s13);
            FloatVector g0 = w0.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector g1 = w1.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 4]);
            s00 = y0.fma(g0, s00);
            s10 = y0.fma(g1, s10);
            FloatVector y1 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 5]);
            s01 = y1.fma(g0, s01);
            s11 = y1.fma(g1, s11);
            FloatVector y2 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 6]);
            s02 = y2.fma(g0, s02);
            s12 = y2.fma(g1, s12);
            FloatVector y3 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 7]);
            s03 = y3.fma(g0, s03);
            s13 = y3.fma(g1, s13);
        }
        s00.intoArray(sums, so);
        s10.intoArray(sums, so + LANES);
        s01.intoArray(sums, so + Bf16Panels.ROWS);
        s11.intoArray(sums, so + Bf16Panels.ROWS + LANES);
        s02.intoArray(sums, so + 2 * Bf16Panels.ROWS);
        s12.intoArray(sums, so + 2 * Bf16Panels.ROWS + LANES);
        s03.intoArray(sums, so + 3 * Bf16Panels.ROWS);
        s13.intoArray(sums, so + 3 * Bf16Panels.ROWS + LANES);
    }

    /** A panel of two vectors, one token. */
    static void dots2x1(MemorySegment w, long wo, int pairs, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        FloatVector s10 = FloatVector.zero(FLOAT);
        for (int p = 0; p < pairs; p += step) {
            IntVector w0 = IntVector.fromMemorySegment(INT, w, wo + 8L * LANES * p, LITTLE_ENDIAN);
            IntVector w1 = IntVector.fromMemorySegment(INT, w, wo + 8L * LANES * p + 4L * LANES, LITTLE_ENDIAN);
            FloatVector f0 = w0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector f1 = w1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 2 * p]);
            s00 = x0.fma(f0, s00);
            s10 = x0.fma(f1, s10);
            FloatVector g0 = w0.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector g1 = w1.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 2 * p + 1]);
            s00 = y0.fma(g0, s00);
            s10 = y0.fma(g1, s10);
        }
        s00.intoArray(sums, so);
        s10.intoArray(sums, so + LANES);
    }

    /** One vector of a panel whose pairs lie {@code stride} bytes apart, eight tokens. */
    static void dots1x8(
            MemorySegment w, long wo, long stride, int pairs, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        FloatVector s01 = FloatVector.zero(FLOAT);
        FloatVector s02 = FloatVector.zero(FLOAT);
        FloatVector s03 = FloatVector.zero(FLOAT);
        FloatVector s04 = FloatVector.zero(FLOAT);
        FloatVector s05 = FloatVector.zero(FLOAT);
        FloatVector s06 = FloatVector.zero(FLOAT);
        FloatVector s07 = FloatVector.zero(FLOAT);
        for (int p = 0; p < pairs; p += step) {
            IntVector w0 = IntVector.fromMemorySegment(INT, w, wo + p * stride, LITTLE_ENDIAN);
            FloatVector f0 = w0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 16 * p]);
            s00 = x0.fma(f0, s00);
            FloatVector x1 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 1]);
            s01 = x1.fma(f0, s01);
            FloatVector x2 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 2]);
            s02 = x2.fma(f0, s02);
            FloatVector x3 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 3]);
            s03 = x3.fma(f0, s03);
            FloatVector x4 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 4]);
            s04 = x4.fma(f0, s04);
            FloatVector x5 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 5]);
            s05 = x5.fma(f0, s05);
            FloatVector x6 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 6]);
            s06 = x6.fma(f0, s06);
            FloatVector x7 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 7]);
            s07 = x7.fma(f0, s07);
            FloatVector g0 = w0.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 8]);
            s00 = y0.fma(g0, s00);
            FloatVector y1 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 9]);
            s01 = y1.fma(g0, s01);
            FloatVector y2 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 10]);
            s02 = y2.fma(g0, s02);
            FloatVector y3 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 11]);
            s03 = y3.fma(g0, s03);
            FloatVector y4 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 12]);
            s04 = y4.fma(g0, s04);
            FloatVector y5 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 13]);
            s05 = y5.fma(g0, s05);
            FloatVector y6 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 14]);
            s06 = y6.fma(g0, s06);
            FloatVector y7 = FloatVector.broadcast(FLOAT, x[xo + 16 * p + 15]);
            s07 = y7.fma(g0, s07);
        }
        s00.intoArray(sums, so);
        s01.intoArray(sums, so + Bf16Panels.ROWS);
        s02.intoArray(sums, so + 2 * Bf16Panels.ROWS);
        s03.intoArray(sums, so + 3 * Bf16Panels.ROWS);
        s04.intoArray(sums, so + 4 * Bf16Panels.ROWS);
        s05.intoArray(sums, so + 5 * Bf16Panels.ROWS);
        s06.intoArray(sums, so + 6 * Bf16Panels.ROWS);
        s07.intoArray(sums, so + 7 * Bf16Panels.ROWS);
    }

    /** One vector of a panel whose pairs lie {@code stride} bytes apart, four tokens. */
    static void dots1x4(
            MemorySegment w, long wo, long stride, int pairs, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        FloatVector s01 = FloatVector.zero(FLOAT);
        FloatVector s02 = FloatVector.zero(FLOAT);
        FloatVector s03 = FloatVector.zero(FLOAT);
        for (int p = 0; p < pairs; p += step) {
            IntVector w0 = IntVector.fromMemorySegment(INT, w, wo + p * stride, LITTLE_ENDIAN);
            FloatVector f0 = w0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 8 * p]);
            s00 = x0.fma(f0, s00);
            FloatVector x1 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 1]);
            s01 = x1.fma(f0, s01);
            FloatVector x2 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 2]);
            s02 = x2.fma(f0, s02);
            FloatVector x3 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 3]);
            s03 = x3.fma(f0, s03);
            FloatVector g0 = w0.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 4]);
            s00 = y0.fma(g0, s00);
            FloatVector y1 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 5]);
            s01 = y1.fma(g0, s01);
            FloatVector y2 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 6]);
            s02 = y2.fma(g0, s02);
            FloatVector y3 = FloatVector.broadcast(FLOAT, x[xo + 8 * p + 7]);
            s03 = y3.fma(g0, s03);
        }
        s00.intoArray(sums, so);
        s01.intoArray(sums, so + Bf16Panels.ROWS);
        s02.intoArray(sums, so + 2 * Bf16Panels.ROWS);
        s03.intoArray(sums, so + 3 * Bf16Panels.ROWS);
    }

    /** One vector of a panel whose pairs lie {@code stride} bytes apart, one token. */
    static void dots1x1(
            MemorySegment w, long wo, long stride, int pairs, int step, float[] x, int xo, float[] sums, int so) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        for (int p = 0; p < pairs; p += step) {
            IntVector w0 = IntVector.fromMemorySegment(INT, w, wo + p * stride, LITTLE_ENDIAN);
            FloatVector f0 = w0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector x0 = FloatVector.broadcast(FLOAT, x[xo + 2 * p]);
            s00 = x0.fma(f0, s00);
            FloatVector g0 = w0.lanewise(AND, SECOND).reinterpretAsFloats();
            FloatVector y0 = FloatVector.broadcast(FLOAT, x[xo + 2 * p + 1]);
            s00 = y0.fma(g0, s00);
        }
        s00.intoArray(sums, so);
    }
}
