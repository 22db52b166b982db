package dev.pg.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of {@link Quantization#Q4} weights with rounded tokens, a row of the tile in each int lane, four inputs in each short
 * lane. Products are made in 16 bits, modulo 2^16: a lane v = q0 + 16·q1 + 256·q2 + 4096·q3 need not be taken apart to give
 *
 * <pre>
 *   v · a0 + (v >>> 4) · (a1 − 16·a0) + (v >>> 8) · (a2 − 16·a1) + (v >>> 12) · (a3 − 16·a2) = q0·a0 + q1·a1 + q2·a2 + q3·a3
 * </pre>
 *
 * {@link TileTokens} rounds so that the eight products of a group fit a short lane. The loops are those of {@link Q8Dots}; with one token, sums
 * stay in memory, since AVX2 has no registers for them.
 */
final class Q4Dots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final VectorSpecies<Integer> INT = Species.INT;
    private static final VectorSpecies<Short> SHORT = Species.SHORT_PAIRS;
    private static final int LANES = VectorSupport.LANES;

    private static final long BYTES = INT.vectorByteSize();
    private static final int TILE = Quantization.TILE;
    private static final int LOW = TileBounds.LOW;

    /** From a word of the tile to the next of the same row. */
    private static final long TILE_BYTES = TILE * (long) Integer.BYTES;

    /** See {@link Q8Dots}. */
    private static final ShortVector FOURS = ShortVector.broadcast(SHORT, 4);

    private Q4Dots() {}

    /**
     * The products of some groups of 4 · LANES rows with one token: sums[row].
     *
     * @param word where the words of the rows begin
     * @param words of a row in a group
     * @param step 1
     * @param four 4
     * @param x factors of {@link TileTokens}
     * @param scales of {@link TileTokens}
     * @param bounds of {@link TileBounds}
     * @param sums added to
     */
    static void dots4x1(
            MemorySegment w,
            long word,
            int groups,
            int words,
            int step,
            int four,
            int[] x,
            int xo,
            float[] scales,
            int co,
            float[] bounds,
            int bo,
            float[] sums,
            int so) {
        for (int g = 0; g < groups; g++) {
            ShortVector s0 = ShortVector.zero(SHORT);
            ShortVector s1 = ShortVector.zero(SHORT);
            ShortVector s2 = ShortVector.zero(SHORT);
            ShortVector s3 = ShortVector.zero(SHORT);
            for (int i = 0; i < words; i += step) {
                ShortVector x0 = IntVector.broadcast(INT, x[xo]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(INT, x[xo + 2]).reinterpretAsShorts();
                ShortVector x3 = IntVector.broadcast(INT, x[xo + 3]).reinterpretAsShorts();
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                s0 = w0.mul(x0).add(s0);
                w0 = LANES == 16 ? w0.lanewise(LSHR, FOURS) : w0.lanewise(LSHR, four);
                s0 = w0.mul(x1).add(s0);
                w0 = LANES == 16 ? w0.lanewise(LSHR, FOURS) : w0.lanewise(LSHR, four);
                s0 = w0.mul(x2).add(s0);
                w0 = LANES == 16 ? w0.lanewise(LSHR, FOURS) : w0.lanewise(LSHR, four);
                s0 = w0.mul(x3).add(s0);
                ShortVector w1 = ShortVector.fromMemorySegment(SHORT, w, word + BYTES, LITTLE_ENDIAN);
                s1 = w1.mul(x0).add(s1);
                w1 = LANES == 16 ? w1.lanewise(LSHR, FOURS) : w1.lanewise(LSHR, four);
                s1 = w1.mul(x1).add(s1);
                w1 = LANES == 16 ? w1.lanewise(LSHR, FOURS) : w1.lanewise(LSHR, four);
                s1 = w1.mul(x2).add(s1);
                w1 = LANES == 16 ? w1.lanewise(LSHR, FOURS) : w1.lanewise(LSHR, four);
                s1 = w1.mul(x3).add(s1);
                ShortVector w2 = ShortVector.fromMemorySegment(SHORT, w, word + 2 * BYTES, LITTLE_ENDIAN);
                s2 = w2.mul(x0).add(s2);
                w2 = LANES == 16 ? w2.lanewise(LSHR, FOURS) : w2.lanewise(LSHR, four);
                s2 = w2.mul(x1).add(s2);
                w2 = LANES == 16 ? w2.lanewise(LSHR, FOURS) : w2.lanewise(LSHR, four);
                s2 = w2.mul(x2).add(s2);
                w2 = LANES == 16 ? w2.lanewise(LSHR, FOURS) : w2.lanewise(LSHR, four);
                s2 = w2.mul(x3).add(s2);
                ShortVector w3 = ShortVector.fromMemorySegment(SHORT, w, word + 3 * BYTES, LITTLE_ENDIAN);
                s3 = w3.mul(x0).add(s3);
                w3 = LANES == 16 ? w3.lanewise(LSHR, FOURS) : w3.lanewise(LSHR, four);
                s3 = w3.mul(x1).add(s3);
                w3 = LANES == 16 ? w3.lanewise(LSHR, FOURS) : w3.lanewise(LSHR, four);
                s3 = w3.mul(x2).add(s3);
                w3 = LANES == 16 ? w3.lanewise(LSHR, FOURS) : w3.lanewise(LSHR, four);
                s3 = w3.mul(x3).add(s3);
                word += TILE_BYTES;
                xo += 4;
            }
            FloatVector scale = FloatVector.broadcast(FLOAT, scales[co]);
            FloatVector minus = FloatVector.broadcast(FLOAT, scales[co + 1]);
            FloatVector range0 = FloatVector.fromArray(FLOAT, bounds, bo);
            FloatVector low0 = FloatVector.fromArray(FLOAT, bounds, bo + LOW);
            IntVector both0 = s0.reinterpretAsInts();
            IntVector total0 = both0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both0.lanewise(ASHR, 16));
            FloatVector sum0 = FloatVector.fromArray(FLOAT, sums, so);
            sum0 = ((FloatVector) total0.convertShape(I2F, FLOAT, 0)).mul(scale).fma(range0, sum0);
            low0.fma(minus, sum0).intoArray(sums, so);
            FloatVector range1 = FloatVector.fromArray(FLOAT, bounds, bo + LANES);
            FloatVector low1 = FloatVector.fromArray(FLOAT, bounds, bo + LOW + LANES);
            IntVector both1 = s1.reinterpretAsInts();
            IntVector total1 = both1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both1.lanewise(ASHR, 16));
            FloatVector sum1 = FloatVector.fromArray(FLOAT, sums, so + LANES);
            sum1 = ((FloatVector) total1.convertShape(I2F, FLOAT, 0)).mul(scale).fma(range1, sum1);
            low1.fma(minus, sum1).intoArray(sums, so + LANES);
            FloatVector range2 = FloatVector.fromArray(FLOAT, bounds, bo + 2 * LANES);
            FloatVector low2 = FloatVector.fromArray(FLOAT, bounds, bo + LOW + 2 * LANES);
            IntVector both2 = s2.reinterpretAsInts();
            IntVector total2 = both2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both2.lanewise(ASHR, 16));
            FloatVector sum2 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
            sum2 = ((FloatVector) total2.convertShape(I2F, FLOAT, 0)).mul(scale).fma(range2, sum2);
            low2.fma(minus, sum2).intoArray(sums, so + 2 * LANES);
            FloatVector range3 = FloatVector.fromArray(FLOAT, bounds, bo + 3 * LANES);
            FloatVector low3 = FloatVector.fromArray(FLOAT, bounds, bo + LOW + 3 * LANES);
            IntVector both3 = s3.reinterpretAsInts();
            IntVector total3 = both3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both3.lanewise(ASHR, 16));
            FloatVector sum3 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
            sum3 = ((FloatVector) total3.convertShape(I2F, FLOAT, 0)).mul(scale).fma(range3, sum3);
            low3.fma(minus, sum3).intoArray(sums, so + 3 * LANES);
            co += TileTokens.SCALES;
            bo += TILE;
        }
    }

    /**
     * The products of some groups of LANES rows with four tokens: sums[token][row].
     *
     * @param word where the words of the rows begin
     * @param words of a row in a group
     * @param step 1
     * @param four 4
     * @param x factors of {@link TileTokens}
     * @param scales of {@link TileTokens}
     * @param bounds of {@link TileBounds}
     * @param sums added to
     */
    static void dots1x4(
            MemorySegment w,
            long word,
            int groups,
            int words,
            int step,
            int four,
            int[] x,
            int xo,
            float[] scales,
            int co,
            float[] bounds,
            int bo,
            float[] sums,
            int so) {
        FloatVector sum0 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector sum1 = FloatVector.fromArray(FLOAT, sums, so + TILE);
        FloatVector sum2 = FloatVector.fromArray(FLOAT, sums, so + 2 * TILE);
        FloatVector sum3 = FloatVector.fromArray(FLOAT, sums, so + 3 * TILE);
        for (int g = 0; g < groups; g++) {
            ShortVector s0 = ShortVector.zero(SHORT);
            ShortVector s1 = ShortVector.zero(SHORT);
            ShortVector s2 = ShortVector.zero(SHORT);
            ShortVector s3 = ShortVector.zero(SHORT);
            for (int i = 0; i < words; i += step) {
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                s0 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(s0);
                s1 = w0.mul(IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts())
                        .add(s1);
                s2 = w0.mul(IntVector.broadcast(INT, x[xo + 2]).reinterpretAsShorts())
                        .add(s2);
                s3 = w0.mul(IntVector.broadcast(INT, x[xo + 3]).reinterpretAsShorts())
                        .add(s3);
                xo += four;
                w0 = LANES == 16 ? w0.lanewise(LSHR, FOURS) : w0.lanewise(LSHR, four);
                s0 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(s0);
                s1 = w0.mul(IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts())
                        .add(s1);
                s2 = w0.mul(IntVector.broadcast(INT, x[xo + 2]).reinterpretAsShorts())
                        .add(s2);
                s3 = w0.mul(IntVector.broadcast(INT, x[xo + 3]).reinterpretAsShorts())
                        .add(s3);
                xo += four;
                w0 = LANES == 16 ? w0.lanewise(LSHR, FOURS) : w0.lanewise(LSHR, four);
                s0 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(s0);
                s1 = w0.mul(IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts())
                        .add(s1);
                s2 = w0.mul(IntVector.broadcast(INT, x[xo + 2]).reinterpretAsShorts())
                        .add(s2);
                s3 = w0.mul(IntVector.broadcast(INT, x[xo + 3]).reinterpretAsShorts())
                        .add(s3);
                xo += four;
                w0 = LANES == 16 ? w0.lanewise(LSHR, FOURS) : w0.lanewise(LSHR, four);
                s0 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(s0);
                s1 = w0.mul(IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts())
                        .add(s1);
                s2 = w0.mul(IntVector.broadcast(INT, x[xo + 2]).reinterpretAsShorts())
                        .add(s2);
                s3 = w0.mul(IntVector.broadcast(INT, x[xo + 3]).reinterpretAsShorts())
                        .add(s3);
                word += TILE_BYTES;
                xo += four;
            }
            FloatVector range = FloatVector.fromArray(FLOAT, bounds, bo);
            FloatVector low = FloatVector.fromArray(FLOAT, bounds, bo + LOW);
            IntVector both0 = s0.reinterpretAsInts();
            IntVector total0 = both0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both0.lanewise(ASHR, 16));
            sum0 = ((FloatVector) total0.convertShape(I2F, FLOAT, 0))
                    .mul(FloatVector.broadcast(FLOAT, scales[co]))
                    .fma(range, sum0);
            sum0 = low.fma(FloatVector.broadcast(FLOAT, scales[co + 4]), sum0);
            IntVector both1 = s1.reinterpretAsInts();
            IntVector total1 = both1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both1.lanewise(ASHR, 16));
            sum1 = ((FloatVector) total1.convertShape(I2F, FLOAT, 0))
                    .mul(FloatVector.broadcast(FLOAT, scales[co + 1]))
                    .fma(range, sum1);
            sum1 = low.fma(FloatVector.broadcast(FLOAT, scales[co + 5]), sum1);
            IntVector both2 = s2.reinterpretAsInts();
            IntVector total2 = both2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both2.lanewise(ASHR, 16));
            sum2 = ((FloatVector) total2.convertShape(I2F, FLOAT, 0))
                    .mul(FloatVector.broadcast(FLOAT, scales[co + 2]))
                    .fma(range, sum2);
            sum2 = low.fma(FloatVector.broadcast(FLOAT, scales[co + 6]), sum2);
            IntVector both3 = s3.reinterpretAsInts();
            IntVector total3 = both3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both3.lanewise(ASHR, 16));
            sum3 = ((FloatVector) total3.convertShape(I2F, FLOAT, 0))
                    .mul(FloatVector.broadcast(FLOAT, scales[co + 3]))
                    .fma(range, sum3);
            sum3 = low.fma(FloatVector.broadcast(FLOAT, scales[co + 7]), sum3);
            co += 4 * TileTokens.SCALES;
            bo += TILE;
        }
        sum0.intoArray(sums, so);
        sum1.intoArray(sums, so + TILE);
        sum2.intoArray(sums, so + 2 * TILE);
        sum3.intoArray(sums, so + 3 * TILE);
    }
}
