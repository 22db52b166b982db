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
 * {@link TileTokens} rounds so that the eight products of a group fit a short lane. The loops are those of {@link Q8Dots}.
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

    private Q4Dots() {}

    /**
     * The products of some groups of 4 · LANES rows with one token: sums[row].
     *
     * @param word where the words of the rows begin
     * @param words of a row in a group
     * @param step 1
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
            int[] x,
            int xo,
            float[] scales,
            int co,
            float[] bounds,
            int bo,
            float[] sums,
            int so) {
        FloatVector sum0 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector sum1 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector sum2 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector sum3 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
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
                s0 = w0.mul(x0)
                        .add(s0)
                        .add(w0.lanewise(LSHR, 4).mul(x1))
                        .add(w0.lanewise(LSHR, 8).mul(x2))
                        .add(w0.lanewise(LSHR, 12).mul(x3));
                ShortVector w1 = ShortVector.fromMemorySegment(SHORT, w, word + BYTES, LITTLE_ENDIAN);
                s1 = w1.mul(x0)
                        .add(s1)
                        .add(w1.lanewise(LSHR, 4).mul(x1))
                        .add(w1.lanewise(LSHR, 8).mul(x2))
                        .add(w1.lanewise(LSHR, 12).mul(x3));
                ShortVector w2 = ShortVector.fromMemorySegment(SHORT, w, word + 2 * BYTES, LITTLE_ENDIAN);
                s2 = w2.mul(x0)
                        .add(s2)
                        .add(w2.lanewise(LSHR, 4).mul(x1))
                        .add(w2.lanewise(LSHR, 8).mul(x2))
                        .add(w2.lanewise(LSHR, 12).mul(x3));
                ShortVector w3 = ShortVector.fromMemorySegment(SHORT, w, word + 3 * BYTES, LITTLE_ENDIAN);
                s3 = w3.mul(x0)
                        .add(s3)
                        .add(w3.lanewise(LSHR, 4).mul(x1))
                        .add(w3.lanewise(LSHR, 8).mul(x2))
                        .add(w3.lanewise(LSHR, 12).mul(x3));
                word += TILE_BYTES;
                xo += 4;
            }
            FloatVector scale = FloatVector.broadcast(FLOAT, scales[co]);
            FloatVector minus = FloatVector.broadcast(FLOAT, scales[co + 1]);
            FloatVector range0 = FloatVector.fromArray(FLOAT, bounds, bo);
            FloatVector low0 = FloatVector.fromArray(FLOAT, bounds, bo + LOW);
            IntVector both0 = s0.reinterpretAsInts();
            IntVector total0 = both0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both0.lanewise(ASHR, 16));
            sum0 = ((FloatVector) total0.convertShape(I2F, FLOAT, 0)).mul(scale).fma(range0, sum0);
            sum0 = low0.fma(minus, sum0);
            FloatVector range1 = FloatVector.fromArray(FLOAT, bounds, bo + LANES);
            FloatVector low1 = FloatVector.fromArray(FLOAT, bounds, bo + LOW + LANES);
            IntVector both1 = s1.reinterpretAsInts();
            IntVector total1 = both1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both1.lanewise(ASHR, 16));
            sum1 = ((FloatVector) total1.convertShape(I2F, FLOAT, 0)).mul(scale).fma(range1, sum1);
            sum1 = low1.fma(minus, sum1);
            FloatVector range2 = FloatVector.fromArray(FLOAT, bounds, bo + 2 * LANES);
            FloatVector low2 = FloatVector.fromArray(FLOAT, bounds, bo + LOW + 2 * LANES);
            IntVector both2 = s2.reinterpretAsInts();
            IntVector total2 = both2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both2.lanewise(ASHR, 16));
            sum2 = ((FloatVector) total2.convertShape(I2F, FLOAT, 0)).mul(scale).fma(range2, sum2);
            sum2 = low2.fma(minus, sum2);
            FloatVector range3 = FloatVector.fromArray(FLOAT, bounds, bo + 3 * LANES);
            FloatVector low3 = FloatVector.fromArray(FLOAT, bounds, bo + LOW + 3 * LANES);
            IntVector both3 = s3.reinterpretAsInts();
            IntVector total3 = both3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(both3.lanewise(ASHR, 16));
            sum3 = ((FloatVector) total3.convertShape(I2F, FLOAT, 0)).mul(scale).fma(range3, sum3);
            sum3 = low3.fma(minus, sum3);
            co += TileTokens.SCALES;
            bo += TILE;
        }
        sum0.intoArray(sums, so);
        sum1.intoArray(sums, so + LANES);
        sum2.intoArray(sums, so + 2 * LANES);
        sum3.intoArray(sums, so + 3 * LANES);
    }

    /**
     * The products of some groups of LANES rows with four tokens: sums[token][row].
     *
     * @param word where the words of the rows begin
     * @param words of a row in a group
     * @param step 1
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
                ShortVector w1 = w0.lanewise(LSHR, 4);
                s0 = w1.mul(IntVector.broadcast(INT, x[xo + 4]).reinterpretAsShorts())
                        .add(s0);
                s1 = w1.mul(IntVector.broadcast(INT, x[xo + 5]).reinterpretAsShorts())
                        .add(s1);
                s2 = w1.mul(IntVector.broadcast(INT, x[xo + 6]).reinterpretAsShorts())
                        .add(s2);
                s3 = w1.mul(IntVector.broadcast(INT, x[xo + 7]).reinterpretAsShorts())
                        .add(s3);
                ShortVector w2 = w0.lanewise(LSHR, 8);
                s0 = w2.mul(IntVector.broadcast(INT, x[xo + 8]).reinterpretAsShorts())
                        .add(s0);
                s1 = w2.mul(IntVector.broadcast(INT, x[xo + 9]).reinterpretAsShorts())
                        .add(s1);
                s2 = w2.mul(IntVector.broadcast(INT, x[xo + 10]).reinterpretAsShorts())
                        .add(s2);
                s3 = w2.mul(IntVector.broadcast(INT, x[xo + 11]).reinterpretAsShorts())
                        .add(s3);
                ShortVector w3 = w0.lanewise(LSHR, 12);
                s0 = w3.mul(IntVector.broadcast(INT, x[xo + 12]).reinterpretAsShorts())
                        .add(s0);
                s1 = w3.mul(IntVector.broadcast(INT, x[xo + 13]).reinterpretAsShorts())
                        .add(s1);
                s2 = w3.mul(IntVector.broadcast(INT, x[xo + 14]).reinterpretAsShorts())
                        .add(s2);
                s3 = w3.mul(IntVector.broadcast(INT, x[xo + 15]).reinterpretAsShorts())
                        .add(s3);
                word += TILE_BYTES;
                xo += 16;
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
