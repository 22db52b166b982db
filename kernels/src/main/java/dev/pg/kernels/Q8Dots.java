package dev.pg.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of {@link Quantization#Q8} weights with rounded tokens, a row of the tile in each int lane, two inputs in each short
 * lane. Products are made in 16 bits, modulo 2^16: a lane v = q0 + 256·q1 need not be taken apart to give
 *
 * <pre>
 *   v · a0 + (v >>> 8) · (a1 − 256·a0) = q0·a0 + q1·a1
 * </pre>
 *
 * What {@link TileTokens} adds to it makes (q0 − 128)·a0 + (q1 − 128)·a1 + 32768 of it, which 16 bits hold without a sign, so that sums
 * over words take two additions and a shift.
 *
 * <p>C2 moves all that does not depend on a sum to the front of a block, as far as the next branch, whether there are registers for it or
 * not. So a word is one pass of a loop, and the step of that loop is a parameter: were it a constant, C2 would unroll it. With four tokens
 * their inputs would still be too many for 16 registers, so the index of those inputs advances by a parameter, too: a check of an
 * index that C2 cannot foresee is such a branch. Counts of shifts are parameters because C2 moves a constant one to a vector register
 * for every shift.
 *
 * <p>A vector that a loop carries is an argument here, never the receiver: {@code product.add(sum)}. The class of such a receiver follows
 * from itself, so C2 guesses it and checks; in a large method it may be unwilling to, and then every vector becomes an object.
 */
final class Q8Dots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final VectorSpecies<Integer> INT = Species.INT;
    private static final VectorSpecies<Short> SHORT = Species.SHORT_PAIRS;
    private static final int LANES = VectorSupport.LANES;

    private static final long BYTES = INT.vectorByteSize();
    private static final int TILE = Quantization.TILE;
    private static final int LOW = TileBounds.LOW;

    /** What a sum of upper halves counts too much in a sum of whole lanes: all − 2^16 · odd + odd. */
    private static final IntVector SURPLUS = IntVector.broadcast(INT, 1 - (1 << 16));

    /** From a word of the tile to the next of the same row. */
    private static final long TILE_BYTES = TILE * (long) Integer.BYTES;

    /**
     * Where a lane may have a count of its own, 512-bit shifts by the same count for all take the port of multiplications on a Zen 4. AVX2
     * has no such shifts of short lanes.
     */
    private static final ShortVector EIGHTS = ShortVector.broadcast(SHORT, 8);

    private Q8Dots() {}

    /**
     * The products of some groups of 4 · LANES rows with one token: sums[row].
     *
     * @param word where the words of the rows begin
     * @param words of a row in a group
     * @param step 1
     * @param eight 8
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
            int eight,
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
            IntVector all0 = IntVector.zero(INT);
            IntVector odd0 = IntVector.zero(INT);
            IntVector all1 = IntVector.zero(INT);
            IntVector odd1 = IntVector.zero(INT);
            IntVector all2 = IntVector.zero(INT);
            IntVector odd2 = IntVector.zero(INT);
            IntVector all3 = IntVector.zero(INT);
            IntVector odd3 = IntVector.zero(INT);
            for (int i = 0; i < words; i += step) {
                ShortVector x0 = IntVector.broadcast(INT, x[xo]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(INT, x[xo + 2]).reinterpretAsShorts();
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                ShortVector high0 = LANES == 16 ? w0.lanewise(LSHR, EIGHTS) : w0.lanewise(LSHR, eight);
                IntVector p0 = w0.mul(x0).add(high0.mul(x1)).add(x2).reinterpretAsInts();
                all0 = p0.add(all0);
                odd0 = p0.lanewise(LSHR, 16).add(odd0);
                ShortVector w1 = ShortVector.fromMemorySegment(SHORT, w, word + BYTES, LITTLE_ENDIAN);
                ShortVector high1 = LANES == 16 ? w1.lanewise(LSHR, EIGHTS) : w1.lanewise(LSHR, eight);
                IntVector p1 = w1.mul(x0).add(high1.mul(x1)).add(x2).reinterpretAsInts();
                all1 = p1.add(all1);
                odd1 = p1.lanewise(LSHR, 16).add(odd1);
                ShortVector w2 = ShortVector.fromMemorySegment(SHORT, w, word + 2 * BYTES, LITTLE_ENDIAN);
                ShortVector high2 = LANES == 16 ? w2.lanewise(LSHR, EIGHTS) : w2.lanewise(LSHR, eight);
                IntVector p2 = w2.mul(x0).add(high2.mul(x1)).add(x2).reinterpretAsInts();
                all2 = p2.add(all2);
                odd2 = p2.lanewise(LSHR, 16).add(odd2);
                ShortVector w3 = ShortVector.fromMemorySegment(SHORT, w, word + 3 * BYTES, LITTLE_ENDIAN);
                ShortVector high3 = LANES == 16 ? w3.lanewise(LSHR, EIGHTS) : w3.lanewise(LSHR, eight);
                IntVector p3 = w3.mul(x0).add(high3.mul(x1)).add(x2).reinterpretAsInts();
                all3 = p3.add(all3);
                odd3 = p3.lanewise(LSHR, 16).add(odd3);
                word += TILE_BYTES;
                xo += 3;
            }
            FloatVector scale = FloatVector.broadcast(FLOAT, scales[co]);
            FloatVector minus = FloatVector.broadcast(FLOAT, scales[co + 1]);
            FloatVector shift = FloatVector.broadcast(FLOAT, scales[co + 2]);
            FloatVector range0 = FloatVector.fromArray(FLOAT, bounds, bo);
            FloatVector low0 = FloatVector.fromArray(FLOAT, bounds, bo + LOW);
            IntVector total0 = SURPLUS.mul(odd0).add(all0);
            sum0 = ((FloatVector) total0.convertShape(I2F, FLOAT, 0))
                    .fma(scale, shift)
                    .fma(range0, sum0);
            sum0 = low0.fma(minus, sum0);
            FloatVector range1 = FloatVector.fromArray(FLOAT, bounds, bo + LANES);
            FloatVector low1 = FloatVector.fromArray(FLOAT, bounds, bo + LOW + LANES);
            IntVector total1 = SURPLUS.mul(odd1).add(all1);
            sum1 = ((FloatVector) total1.convertShape(I2F, FLOAT, 0))
                    .fma(scale, shift)
                    .fma(range1, sum1);
            sum1 = low1.fma(minus, sum1);
            FloatVector range2 = FloatVector.fromArray(FLOAT, bounds, bo + 2 * LANES);
            FloatVector low2 = FloatVector.fromArray(FLOAT, bounds, bo + LOW + 2 * LANES);
            IntVector total2 = SURPLUS.mul(odd2).add(all2);
            sum2 = ((FloatVector) total2.convertShape(I2F, FLOAT, 0))
                    .fma(scale, shift)
                    .fma(range2, sum2);
            sum2 = low2.fma(minus, sum2);
            FloatVector range3 = FloatVector.fromArray(FLOAT, bounds, bo + 3 * LANES);
            FloatVector low3 = FloatVector.fromArray(FLOAT, bounds, bo + LOW + 3 * LANES);
            IntVector total3 = SURPLUS.mul(odd3).add(all3);
            sum3 = ((FloatVector) total3.convertShape(I2F, FLOAT, 0))
                    .fma(scale, shift)
                    .fma(range3, sum3);
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
     * @param eight 8
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
            int eight,
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
            IntVector all0 = IntVector.zero(INT);
            IntVector odd0 = IntVector.zero(INT);
            IntVector all1 = IntVector.zero(INT);
            IntVector odd1 = IntVector.zero(INT);
            IntVector all2 = IntVector.zero(INT);
            IntVector odd2 = IntVector.zero(INT);
            IntVector all3 = IntVector.zero(INT);
            IntVector odd3 = IntVector.zero(INT);
            for (int i = 0; i < words; i += step) {
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                ShortVector w1 = LANES == 16 ? w0.lanewise(LSHR, EIGHTS) : w0.lanewise(LSHR, eight);
                IntVector p0 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(w1.mul(IntVector.broadcast(INT, x[xo + 4]).reinterpretAsShorts()))
                        .add(IntVector.broadcast(INT, x[xo + 8]).reinterpretAsShorts())
                        .reinterpretAsInts();
                all0 = p0.add(all0);
                odd0 = p0.lanewise(LSHR, 16).add(odd0);
                xo += step;
                IntVector p1 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(w1.mul(IntVector.broadcast(INT, x[xo + 4]).reinterpretAsShorts()))
                        .add(IntVector.broadcast(INT, x[xo + 8]).reinterpretAsShorts())
                        .reinterpretAsInts();
                all1 = p1.add(all1);
                odd1 = p1.lanewise(LSHR, 16).add(odd1);
                xo += step;
                IntVector p2 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(w1.mul(IntVector.broadcast(INT, x[xo + 4]).reinterpretAsShorts()))
                        .add(IntVector.broadcast(INT, x[xo + 8]).reinterpretAsShorts())
                        .reinterpretAsInts();
                all2 = p2.add(all2);
                odd2 = p2.lanewise(LSHR, 16).add(odd2);
                xo += step;
                IntVector p3 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(w1.mul(IntVector.broadcast(INT, x[xo + 4]).reinterpretAsShorts()))
                        .add(IntVector.broadcast(INT, x[xo + 8]).reinterpretAsShorts())
                        .reinterpretAsInts();
                all3 = p3.add(all3);
                odd3 = p3.lanewise(LSHR, 16).add(odd3);
                word += TILE_BYTES;
                xo += 9; // 12 in all
            }
            FloatVector range = FloatVector.fromArray(FLOAT, bounds, bo);
            FloatVector low = FloatVector.fromArray(FLOAT, bounds, bo + LOW);
            IntVector total0 = SURPLUS.mul(odd0).add(all0);
            sum0 = ((FloatVector) total0.convertShape(I2F, FLOAT, 0))
                    .fma(FloatVector.broadcast(FLOAT, scales[co]), FloatVector.broadcast(FLOAT, scales[co + 8]))
                    .fma(range, sum0);
            sum0 = low.fma(FloatVector.broadcast(FLOAT, scales[co + 4]), sum0);
            IntVector total1 = SURPLUS.mul(odd1).add(all1);
            sum1 = ((FloatVector) total1.convertShape(I2F, FLOAT, 0))
                    .fma(FloatVector.broadcast(FLOAT, scales[co + 1]), FloatVector.broadcast(FLOAT, scales[co + 9]))
                    .fma(range, sum1);
            sum1 = low.fma(FloatVector.broadcast(FLOAT, scales[co + 5]), sum1);
            IntVector total2 = SURPLUS.mul(odd2).add(all2);
            sum2 = ((FloatVector) total2.convertShape(I2F, FLOAT, 0))
                    .fma(FloatVector.broadcast(FLOAT, scales[co + 2]), FloatVector.broadcast(FLOAT, scales[co + 10]))
                    .fma(range, sum2);
            sum2 = low.fma(FloatVector.broadcast(FLOAT, scales[co + 6]), sum2);
            IntVector total3 = SURPLUS.mul(odd3).add(all3);
            sum3 = ((FloatVector) total3.convertShape(I2F, FLOAT, 0))
                    .fma(FloatVector.broadcast(FLOAT, scales[co + 3]), FloatVector.broadcast(FLOAT, scales[co + 11]))
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
