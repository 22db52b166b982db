package dev.pg.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ROL;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of {@link Quantization#Q8} weights, a row of the tile in each lane. A weight q is shifted to the upper bits of a mantissa and
 * becomes 1 + q/256 by setting the other bits; {@link TileTokens} takes the surplus off again.
 *
 * <p>C2 moves all that does not depend on a sum to the front of a block, as far as the next branch, whether there are registers for it or
 * not. So a word is one pass of a loop, and the steps of that loop are parameters: were they constants, C2 would unroll it.
 */
final class Q8Dots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final VectorSpecies<Integer> INT = Species.INT;
    private static final int LANES = Species.LANES;

    private static final long BYTES = INT.vectorByteSize();
    private static final int TILE = Quantization.TILE;

    /** From a word of the tile to the next of the same row. */
    private static final long TILE_BYTES = TILE * (long) Integer.BYTES;

    private static final long GROUP_BYTES = Quantization.Q8.groupBytes();

    /** The bits of 1.0f. */
    private static final int ONE = 0x3f800000;

    /** The bits of the weight in a mantissa. */
    private static final int WEIGHT = 0x007f8000;

    private Q8Dots() {}

    /**
     * The products of some groups of 4 · LANES rows with one token: sums[row].
     *
     * @param at where the words of the rows begin in the first group
     * @param words of a row in a group
     * @param x of {@link TileTokens}
     * @param inputs floats of x from a word to the next: 4
     * @param bounds of {@link TileBounds}
     * @param sums added to
     */
    static void dots4x1(
            MemorySegment w,
            long at,
            int groups,
            int words,
            float[] x,
            int xo,
            int inputs,
            float[] bounds,
            int bo,
            float[] sums,
            int so) {
        IntVector weight = IntVector.broadcast(INT, WEIGHT);
        IntVector one = IntVector.broadcast(INT, ONE);
        FloatVector sum0 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector sum1 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector sum2 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector sum3 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
        for (int g = 0; g < groups; g++) {
            int xi = xo;
            long word = at;
            xo += words * inputs;
            FloatVector t0 = FloatVector.broadcast(FLOAT, x[xo]);
            FloatVector t1 = FloatVector.broadcast(FLOAT, x[xo]);
            FloatVector t2 = FloatVector.broadcast(FLOAT, x[xo]);
            FloatVector t3 = FloatVector.broadcast(FLOAT, x[xo]);
            for (int i = 0; i < words; i++) {
                IntVector w0 = IntVector.fromMemorySegment(INT, w, word, LITTLE_ENDIAN);
                IntVector w1 = IntVector.fromMemorySegment(INT, w, word + BYTES, LITTLE_ENDIAN);
                IntVector w2 = IntVector.fromMemorySegment(INT, w, word + 2 * BYTES, LITTLE_ENDIAN);
                IntVector w3 = IntVector.fromMemorySegment(INT, w, word + 3 * BYTES, LITTLE_ENDIAN);
                FloatVector x1 = FloatVector.broadcast(FLOAT, x[xi + 1]);
                t0 = w0.and(weight).or(one).reinterpretAsFloats().fma(x1, t0);
                t1 = w1.and(weight).or(one).reinterpretAsFloats().fma(x1, t1);
                t2 = w2.and(weight).or(one).reinterpretAsFloats().fma(x1, t2);
                t3 = w3.and(weight).or(one).reinterpretAsFloats().fma(x1, t3);
                FloatVector x0 = FloatVector.broadcast(FLOAT, x[xi]);
                t0 = w0.lanewise(LSHL, 8)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x0, t0);
                t1 = w1.lanewise(LSHL, 8)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x0, t1);
                t2 = w2.lanewise(LSHL, 8)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x0, t2);
                t3 = w3.lanewise(LSHL, 8)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x0, t3);
                FloatVector x2 = FloatVector.broadcast(FLOAT, x[xi + 2]);
                t0 = w0.lanewise(LSHR, 8)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x2, t0);
                t1 = w1.lanewise(LSHR, 8)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x2, t1);
                t2 = w2.lanewise(LSHR, 8)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x2, t2);
                t3 = w3.lanewise(LSHR, 8)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x2, t3);
                FloatVector x3 = FloatVector.broadcast(FLOAT, x[xi + 3]);
                t0 = w0.lanewise(ROL, 16)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x3, t0);
                t1 = w1.lanewise(ROL, 16)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x3, t1);
                t2 = w2.lanewise(ROL, 16)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x3, t2);
                t3 = w3.lanewise(ROL, 16)
                        .and(weight)
                        .or(one)
                        .reinterpretAsFloats()
                        .fma(x3, t3);
                word += TILE_BYTES;
                xi += inputs;
            }
            FloatVector minus = FloatVector.broadcast(FLOAT, x[xo + 1]);
            sum0 = t0.fma(FloatVector.fromArray(FLOAT, bounds, bo), sum0);
            sum1 = t1.fma(FloatVector.fromArray(FLOAT, bounds, bo + LANES), sum1);
            sum2 = t2.fma(FloatVector.fromArray(FLOAT, bounds, bo + 2 * LANES), sum2);
            sum3 = t3.fma(FloatVector.fromArray(FLOAT, bounds, bo + 3 * LANES), sum3);
            sum0 = minus.fma(FloatVector.fromArray(FLOAT, bounds, bo + TILE), sum0);
            sum1 = minus.fma(FloatVector.fromArray(FLOAT, bounds, bo + TILE + LANES), sum1);
            sum2 = minus.fma(FloatVector.fromArray(FLOAT, bounds, bo + TILE + 2 * LANES), sum2);
            sum3 = minus.fma(FloatVector.fromArray(FLOAT, bounds, bo + TILE + 3 * LANES), sum3);
            xo += 2;
            at += GROUP_BYTES;
            bo += 2 * TILE;
        }
        sum0.intoArray(sums, so);
        sum1.intoArray(sums, so + LANES);
        sum2.intoArray(sums, so + 2 * LANES);
        sum3.intoArray(sums, so + 3 * LANES);
    }

    /**
     * The products of some groups of LANES rows with four tokens: sums[token][row].
     *
     * @param at where the words of the rows begin in the first group
     * @param words of a row in a group
     * @param x of {@link TileTokens}
     * @param inputs floats of x from a word to the next: 16
     * @param bounds of {@link TileBounds}
     * @param sums added to
     */
    static void dots1x4(
            MemorySegment w,
            long at,
            int groups,
            int words,
            float[] x,
            int xo,
            int inputs,
            float[] bounds,
            int bo,
            float[] sums,
            int so) {
        IntVector weight = IntVector.broadcast(INT, WEIGHT);
        IntVector one = IntVector.broadcast(INT, ONE);
        FloatVector sum0 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector sum1 = FloatVector.fromArray(FLOAT, sums, so + TILE);
        FloatVector sum2 = FloatVector.fromArray(FLOAT, sums, so + 2 * TILE);
        FloatVector sum3 = FloatVector.fromArray(FLOAT, sums, so + 3 * TILE);
        for (int g = 0; g < groups; g++) {
            int xi = xo;
            long word = at;
            xo += words * inputs;
            FloatVector t0 = FloatVector.broadcast(FLOAT, x[xo]);
            FloatVector t1 = FloatVector.broadcast(FLOAT, x[xo + 1]);
            FloatVector t2 = FloatVector.broadcast(FLOAT, x[xo + 2]);
            FloatVector t3 = FloatVector.broadcast(FLOAT, x[xo + 3]);
            for (int i = 0; i < words; i++) {
                IntVector w0 = IntVector.fromMemorySegment(INT, w, word, LITTLE_ENDIAN);
                IntVector b1 = w0.and(weight).or(one);
                t0 = b1.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 4]), t0);
                t1 = b1.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 5]), t1);
                t2 = b1.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 6]), t2);
                t3 = b1.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 7]), t3);
                IntVector b0 = w0.lanewise(LSHL, 8).and(weight).or(one);
                t0 = b0.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi]), t0);
                t1 = b0.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 1]), t1);
                t2 = b0.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 2]), t2);
                t3 = b0.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 3]), t3);
                IntVector b2 = w0.lanewise(LSHR, 8).and(weight).or(one);
                t0 = b2.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 8]), t0);
                t1 = b2.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 9]), t1);
                t2 = b2.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 10]), t2);
                t3 = b2.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 11]), t3);
                IntVector b3 = w0.lanewise(ROL, 16).and(weight).or(one);
                t0 = b3.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 12]), t0);
                t1 = b3.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 13]), t1);
                t2 = b3.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 14]), t2);
                t3 = b3.reinterpretAsFloats().fma(FloatVector.broadcast(FLOAT, x[xi + 15]), t3);
                word += TILE_BYTES;
                xi += inputs;
            }
            FloatVector range = FloatVector.fromArray(FLOAT, bounds, bo);
            FloatVector lower = FloatVector.fromArray(FLOAT, bounds, bo + TILE);
            sum0 = t0.fma(range, sum0);
            sum1 = t1.fma(range, sum1);
            sum2 = t2.fma(range, sum2);
            sum3 = t3.fma(range, sum3);
            sum0 = lower.fma(FloatVector.broadcast(FLOAT, x[xo + 4]), sum0);
            sum1 = lower.fma(FloatVector.broadcast(FLOAT, x[xo + 5]), sum1);
            sum2 = lower.fma(FloatVector.broadcast(FLOAT, x[xo + 6]), sum2);
            sum3 = lower.fma(FloatVector.broadcast(FLOAT, x[xo + 7]), sum3);
            xo += 8;
            at += GROUP_BYTES;
            bo += 2 * TILE;
        }
        sum0.intoArray(sums, so);
        sum1.intoArray(sums, so + TILE);
        sum2.intoArray(sums, so + 2 * TILE);
        sum3.intoArray(sums, so + 3 * TILE);
    }
}
