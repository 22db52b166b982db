package dev.pg.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2S;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of {@link Quantization#Q8} weights with several rounded tokens, in floats: a weight is widened once for four or eight tokens, and each
 * product is one multiply-add, where {@link Q8Dots} takes seven instructions for two. What the zero point takes off is put in front, times the sum of a
 * token. It is 218 at most, weights are 255 at most and so are two inputs together, so no sum reaches 2^24: floats hold
 * all of them exactly, and results have the bits of {@link Q8Dots}.
 *
 * <p>An int lane has two inputs of an even row in its low half and those of the odd row behind it in its high half. The first inputs of both rows
 * are widened and multiplied, then the second ones; {@code k} advances by {@code step} between them, and by the rest behind, see {@link Q8Dots}.
 */
final class Q8Floats {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final VectorSpecies<Integer> INT = Species.INT;
    private static final VectorSpecies<Short> SHORT = Species.SHORT_PAIRS;
    private static final VectorSpecies<Byte> BYTE = Species.BYTE_PAIRS;
    private static final int LANES = VectorSupport.LANES;
    private static final int GROUP = Quantization.GROUP;
    private static final int TILE = Quantization.TILE;

    /** From a word of a row to the next. */
    private static final long WORD_BYTES = TILE * (long) Short.BYTES;

    /** A count for each lane, see {@link Q8Dots}. With AVX2, registers are scarcer than ports. */
    private static final IntVector EIGHT = IntVector.broadcast(INT, 8);

    private static final IntVector SIXTEEN = IntVector.broadcast(INT, 16);
    private static final IntVector TWENTY_FOUR = IntVector.broadcast(INT, 24);

    private Q8Floats() {}

    /**
     * The products of some groups of a tile with eight tokens, where vectors have 512 bits: sums[token][row], in the order of {@link FewTiles}.
     *
     * @param at where the groups begin
     * @param words of a row in a group
     * @param zeroSpacing of the format
     * @param middle of the format
     * @param step 1
     * @param x of {@link FloatTokens}
     * @param levels of the matrix
     * @param sums added to
     */
    static void dots2x8(
            MemorySegment w,
            long at,
            int groups,
            int words,
            int zeroSpacing,
            int middle,
            int step,
            float[] x,
            int xo,
            float[] levels,
            float[] sums,
            int so) {
        FloatVector table = FloatVector.fromArray(FLOAT, levels, 0);
        long groupBytes = TILE + words * WORD_BYTES;
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < TILE; r += 2 * LANES) {
                IntVector evenCode = ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, at + r, LITTLE_ENDIAN)
                                .convertShape(B2S, SHORT, 0))
                        .reinterpretAsInts();
                IntVector oddCode = evenCode.lanewise(ASHR, 16);
                FloatVector evenOffset = (FloatVector) evenCode.lanewise(LSHL, 24)
                        .lanewise(ASHR, 28)
                        .mul(zeroSpacing)
                        .add(middle)
                        .convertShape(I2F, FLOAT, 0);
                FloatVector oddOffset = (FloatVector)
                        oddCode.lanewise(ASHR, 4).mul(zeroSpacing).add(middle).convertShape(I2F, FLOAT, 0);
                int k = xo;
                FloatVector sum0 = FloatVector.broadcast(FLOAT, x[k]);
                FloatVector even0 = evenOffset.mul(sum0);
                FloatVector odd0 = oddOffset.mul(sum0);
                FloatVector sum1 = FloatVector.broadcast(FLOAT, x[k + 1]);
                FloatVector even1 = evenOffset.mul(sum1);
                FloatVector odd1 = oddOffset.mul(sum1);
                FloatVector sum2 = FloatVector.broadcast(FLOAT, x[k + 2]);
                FloatVector even2 = evenOffset.mul(sum2);
                FloatVector odd2 = oddOffset.mul(sum2);
                FloatVector sum3 = FloatVector.broadcast(FLOAT, x[k + 3]);
                FloatVector even3 = evenOffset.mul(sum3);
                FloatVector odd3 = oddOffset.mul(sum3);
                FloatVector sum4 = FloatVector.broadcast(FLOAT, x[k + 4]);
                FloatVector even4 = evenOffset.mul(sum4);
                FloatVector odd4 = oddOffset.mul(sum4);
                FloatVector sum5 = FloatVector.broadcast(FLOAT, x[k + 5]);
                FloatVector even5 = evenOffset.mul(sum5);
                FloatVector odd5 = oddOffset.mul(sum5);
                FloatVector sum6 = FloatVector.broadcast(FLOAT, x[k + 6]);
                FloatVector even6 = evenOffset.mul(sum6);
                FloatVector odd6 = oddOffset.mul(sum6);
                FloatVector sum7 = FloatVector.broadcast(FLOAT, x[k + 7]);
                FloatVector even7 = evenOffset.mul(sum7);
                FloatVector odd7 = oddOffset.mul(sum7);
                long word = at + TILE + r * (long) Short.BYTES;
                k += 8;
                for (int i = 0; i < words; i += step) {
                    IntVector both = IntVector.fromMemorySegment(INT, w, word, LITTLE_ENDIAN);
                    FloatVector u0 = (FloatVector) both.and(0xff).convertShape(I2F, FLOAT, 0);
                    FloatVector v0 =
                            (FloatVector) both.lanewise(LSHR, SIXTEEN).and(0xff).convertShape(I2F, FLOAT, 0);
                    FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
                    even0 = x0.fma(u0, even0);
                    odd0 = x0.fma(v0, odd0);
                    FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
                    even1 = x1.fma(u0, even1);
                    odd1 = x1.fma(v0, odd1);
                    FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2]);
                    even2 = x2.fma(u0, even2);
                    odd2 = x2.fma(v0, odd2);
                    FloatVector x3 = FloatVector.broadcast(FLOAT, x[k + 3]);
                    even3 = x3.fma(u0, even3);
                    odd3 = x3.fma(v0, odd3);
                    FloatVector x4 = FloatVector.broadcast(FLOAT, x[k + 4]);
                    even4 = x4.fma(u0, even4);
                    odd4 = x4.fma(v0, odd4);
                    FloatVector x5 = FloatVector.broadcast(FLOAT, x[k + 5]);
                    even5 = x5.fma(u0, even5);
                    odd5 = x5.fma(v0, odd5);
                    FloatVector x6 = FloatVector.broadcast(FLOAT, x[k + 6]);
                    even6 = x6.fma(u0, even6);
                    odd6 = x6.fma(v0, odd6);
                    FloatVector x7 = FloatVector.broadcast(FLOAT, x[k + 7]);
                    even7 = x7.fma(u0, even7);
                    odd7 = x7.fma(v0, odd7);
                    k += step;
                    FloatVector u1 =
                            (FloatVector) both.lanewise(LSHR, EIGHT).and(0xff).convertShape(I2F, FLOAT, 0);
                    FloatVector v1 =
                            (FloatVector) both.lanewise(LSHR, TWENTY_FOUR).convertShape(I2F, FLOAT, 0);
                    FloatVector y0 = FloatVector.broadcast(FLOAT, x[k + 7]);
                    even0 = y0.fma(u1, even0);
                    odd0 = y0.fma(v1, odd0);
                    FloatVector y1 = FloatVector.broadcast(FLOAT, x[k + 8]);
                    even1 = y1.fma(u1, even1);
                    odd1 = y1.fma(v1, odd1);
                    FloatVector y2 = FloatVector.broadcast(FLOAT, x[k + 9]);
                    even2 = y2.fma(u1, even2);
                    odd2 = y2.fma(v1, odd2);
                    FloatVector y3 = FloatVector.broadcast(FLOAT, x[k + 10]);
                    even3 = y3.fma(u1, even3);
                    odd3 = y3.fma(v1, odd3);
                    FloatVector y4 = FloatVector.broadcast(FLOAT, x[k + 11]);
                    even4 = y4.fma(u1, even4);
                    odd4 = y4.fma(v1, odd4);
                    FloatVector y5 = FloatVector.broadcast(FLOAT, x[k + 12]);
                    even5 = y5.fma(u1, even5);
                    odd5 = y5.fma(v1, odd5);
                    FloatVector y6 = FloatVector.broadcast(FLOAT, x[k + 13]);
                    even6 = y6.fma(u1, even6);
                    odd6 = y6.fma(v1, odd6);
                    FloatVector y7 = FloatVector.broadcast(FLOAT, x[k + 14]);
                    even7 = y7.fma(u1, even7);
                    odd7 = y7.fma(v1, odd7);
                    k += 15;
                    word += WORD_BYTES;
                }
                int to = so + r;
                FloatVector scale0 = FloatVector.broadcast(FLOAT, x[k]);
                IntVector scaled0 = table.mul(scale0).reinterpretAsInts();
                even0.fma(evenCode.selectFrom(scaled0).reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd0.fma(
                                oddCode.selectFrom(scaled0).reinterpretAsFloats(),
                                FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
                to += TILE;
                k += step;
                FloatVector scale1 = FloatVector.broadcast(FLOAT, x[k]);
                IntVector scaled1 = table.mul(scale1).reinterpretAsInts();
                even1.fma(evenCode.selectFrom(scaled1).reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd1.fma(
                                oddCode.selectFrom(scaled1).reinterpretAsFloats(),
                                FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
                to += TILE;
                k += step;
                FloatVector scale2 = FloatVector.broadcast(FLOAT, x[k]);
                IntVector scaled2 = table.mul(scale2).reinterpretAsInts();
                even2.fma(evenCode.selectFrom(scaled2).reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd2.fma(
                                oddCode.selectFrom(scaled2).reinterpretAsFloats(),
                                FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
                to += TILE;
                k += step;
                FloatVector scale3 = FloatVector.broadcast(FLOAT, x[k]);
                IntVector scaled3 = table.mul(scale3).reinterpretAsInts();
                even3.fma(evenCode.selectFrom(scaled3).reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd3.fma(
                                oddCode.selectFrom(scaled3).reinterpretAsFloats(),
                                FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
                to += TILE;
                k += step;
                FloatVector scale4 = FloatVector.broadcast(FLOAT, x[k]);
                IntVector scaled4 = table.mul(scale4).reinterpretAsInts();
                even4.fma(evenCode.selectFrom(scaled4).reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd4.fma(
                                oddCode.selectFrom(scaled4).reinterpretAsFloats(),
                                FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
                to += TILE;
                k += step;
                FloatVector scale5 = FloatVector.broadcast(FLOAT, x[k]);
                IntVector scaled5 = table.mul(scale5).reinterpretAsInts();
                even5.fma(evenCode.selectFrom(scaled5).reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd5.fma(
                                oddCode.selectFrom(scaled5).reinterpretAsFloats(),
                                FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
                to += TILE;
                k += step;
                FloatVector scale6 = FloatVector.broadcast(FLOAT, x[k]);
                IntVector scaled6 = table.mul(scale6).reinterpretAsInts();
                even6.fma(evenCode.selectFrom(scaled6).reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd6.fma(
                                oddCode.selectFrom(scaled6).reinterpretAsFloats(),
                                FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
                to += TILE;
                k += step;
                FloatVector scale7 = FloatVector.broadcast(FLOAT, x[k]);
                IntVector scaled7 = table.mul(scale7).reinterpretAsInts();
                even7.fma(evenCode.selectFrom(scaled7).reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd7.fma(
                                oddCode.selectFrom(scaled7).reinterpretAsFloats(),
                                FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
            }
            at += groupBytes;
            xo += (GROUP + 2) * 8;
        }
    }

    /** The same with four tokens, for vectors of any width. */
    static void dots2x4(
            MemorySegment w,
            long at,
            int groups,
            int words,
            int zeroSpacing,
            int middle,
            int step,
            float[] x,
            int xo,
            float[] levels,
            float[] sums,
            int so) {
        long groupBytes = TILE + words * WORD_BYTES;
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < TILE; r += 2 * LANES) {
                IntVector evenCode = ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, at + r, LITTLE_ENDIAN)
                                .convertShape(B2S, SHORT, 0))
                        .reinterpretAsInts();
                IntVector oddCode = evenCode.lanewise(ASHR, 16);
                FloatVector evenOffset = (FloatVector) evenCode.lanewise(LSHL, 24)
                        .lanewise(ASHR, 28)
                        .mul(zeroSpacing)
                        .add(middle)
                        .convertShape(I2F, FLOAT, 0);
                FloatVector oddOffset = (FloatVector)
                        oddCode.lanewise(ASHR, 4).mul(zeroSpacing).add(middle).convertShape(I2F, FLOAT, 0);
                int k = xo;
                FloatVector sum0 = FloatVector.broadcast(FLOAT, x[k]);
                FloatVector even0 = evenOffset.mul(sum0);
                FloatVector odd0 = oddOffset.mul(sum0);
                FloatVector sum1 = FloatVector.broadcast(FLOAT, x[k + 1]);
                FloatVector even1 = evenOffset.mul(sum1);
                FloatVector odd1 = oddOffset.mul(sum1);
                FloatVector sum2 = FloatVector.broadcast(FLOAT, x[k + 2]);
                FloatVector even2 = evenOffset.mul(sum2);
                FloatVector odd2 = oddOffset.mul(sum2);
                FloatVector sum3 = FloatVector.broadcast(FLOAT, x[k + 3]);
                FloatVector even3 = evenOffset.mul(sum3);
                FloatVector odd3 = oddOffset.mul(sum3);
                long word = at + TILE + r * (long) Short.BYTES;
                k += 4;
                for (int i = 0; i < words; i += step) {
                    IntVector both = IntVector.fromMemorySegment(INT, w, word, LITTLE_ENDIAN);
                    FloatVector u0 = (FloatVector) both.and(0xff).convertShape(I2F, FLOAT, 0);
                    FloatVector v0 =
                            (FloatVector) (LANES == 16 ? both.lanewise(LSHR, SIXTEEN) : both.lanewise(LSHR, 16))
                                    .and(0xff)
                                    .convertShape(I2F, FLOAT, 0);
                    FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
                    even0 = x0.fma(u0, even0);
                    odd0 = x0.fma(v0, odd0);
                    FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
                    even1 = x1.fma(u0, even1);
                    odd1 = x1.fma(v0, odd1);
                    FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2]);
                    even2 = x2.fma(u0, even2);
                    odd2 = x2.fma(v0, odd2);
                    FloatVector x3 = FloatVector.broadcast(FLOAT, x[k + 3]);
                    even3 = x3.fma(u0, even3);
                    odd3 = x3.fma(v0, odd3);
                    k += step;
                    FloatVector u1 = (FloatVector) (LANES == 16 ? both.lanewise(LSHR, EIGHT) : both.lanewise(LSHR, 8))
                            .and(0xff)
                            .convertShape(I2F, FLOAT, 0);
                    FloatVector v1 =
                            (FloatVector) (LANES == 16 ? both.lanewise(LSHR, TWENTY_FOUR) : both.lanewise(LSHR, 24))
                                    .convertShape(I2F, FLOAT, 0);
                    FloatVector y0 = FloatVector.broadcast(FLOAT, x[k + 3]);
                    even0 = y0.fma(u1, even0);
                    odd0 = y0.fma(v1, odd0);
                    FloatVector y1 = FloatVector.broadcast(FLOAT, x[k + 4]);
                    even1 = y1.fma(u1, even1);
                    odd1 = y1.fma(v1, odd1);
                    FloatVector y2 = FloatVector.broadcast(FLOAT, x[k + 5]);
                    even2 = y2.fma(u1, even2);
                    odd2 = y2.fma(v1, odd2);
                    FloatVector y3 = FloatVector.broadcast(FLOAT, x[k + 6]);
                    even3 = y3.fma(u1, even3);
                    odd3 = y3.fma(v1, odd3);
                    k += 7;
                    word += WORD_BYTES;
                }
                IntVector t0 = FloatVector.fromArray(FLOAT, levels, 0).reinterpretAsInts();
                IntVector t1 = FloatVector.fromArray(FLOAT, levels, LANES % 16).reinterpretAsInts();
                IntVector t2 =
                        FloatVector.fromArray(FLOAT, levels, 2 * LANES % 16).reinterpretAsInts();
                IntVector t3 =
                        FloatVector.fromArray(FLOAT, levels, 3 * LANES % 16).reinterpretAsInts();
                IntVector evenLevels = LANES == 16
                        ? evenCode.selectFrom(t0)
                        : LANES == 8
                                ? evenCode.selectFrom(t0)
                                        .blend(
                                                evenCode.selectFrom(t1),
                                                evenCode.lanewise(LSHL, 28).compare(LT, 0))
                                : evenCode.selectFrom(t0, t1)
                                        .blend(
                                                evenCode.selectFrom(t2, t3),
                                                evenCode.lanewise(LSHL, 28).compare(LT, 0));
                IntVector oddLevels = LANES == 16
                        ? oddCode.selectFrom(t0)
                        : LANES == 8
                                ? oddCode.selectFrom(t0)
                                        .blend(
                                                oddCode.selectFrom(t1),
                                                oddCode.lanewise(LSHL, 28).compare(LT, 0))
                                : oddCode.selectFrom(t0, t1)
                                        .blend(
                                                oddCode.selectFrom(t2, t3),
                                                oddCode.lanewise(LSHL, 28).compare(LT, 0));
                FloatVector evens = evenLevels.reinterpretAsFloats();
                FloatVector odds = oddLevels.reinterpretAsFloats();
                int to = so + r;
                FloatVector scale0 = FloatVector.broadcast(FLOAT, x[k]);
                even0.fma(evens.mul(scale0), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd0.fma(odds.mul(scale0), FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
                to += TILE;
                k += step;
                FloatVector scale1 = FloatVector.broadcast(FLOAT, x[k]);
                even1.fma(evens.mul(scale1), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd1.fma(odds.mul(scale1), FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
                to += TILE;
                k += step;
                FloatVector scale2 = FloatVector.broadcast(FLOAT, x[k]);
                even2.fma(evens.mul(scale2), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd2.fma(odds.mul(scale2), FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
                to += TILE;
                k += step;
                FloatVector scale3 = FloatVector.broadcast(FLOAT, x[k]);
                even3.fma(evens.mul(scale3), FloatVector.fromArray(FLOAT, sums, to))
                        .intoArray(sums, to);
                odd3.fma(odds.mul(scale3), FloatVector.fromArray(FLOAT, sums, to + LANES))
                        .intoArray(sums, to + LANES);
            }
            at += groupBytes;
            xo += (GROUP + 2) * 4;
        }
    }
}
