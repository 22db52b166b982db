package dev.pg.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Turns {@link Bf16Panels} back to rows of floats. A square of n × n pairs is transposed by log2(n) perfect shuffles: each zips the first half
 * of the n² pairs with the second, which rotates the bits of their numbers by one. The last two are made at once, and so are those before.
 */
final class PanelRows {
    private static final int LANES = VectorSupport.LANES;
    private static final int QUARTER = LANES / 4;
    private static final int SQUARE = LANES * LANES;

    /** Ints that {@link #unpack} needs. */
    static final int SCRATCH = Bf16Panels.VECTORS * SQUARE;

    /** The lanes of two vectors in turn: those of their first halves, and those of their second. */
    private static final IntVector LOW = vector(lane -> lane % 2 * LANES + lane / 2);

    private static final IntVector HIGH = vector(lane -> lane % 2 * LANES + LANES / 2 + lane / 2);

    private PanelRows() {}

    private static IntVector vector(IntUnaryOperator lanes) {
        int[] values = new int[LANES];
        for (int i = 0; i < LANES; i++) {
            values[i] = lanes.applyAsInt(i);
        }
        return IntVector.fromArray(Species.INT, values, 0);
    }

    /**
     * Widens rows of a panel.
     *
     * @param at where the rows begin in {@code w}
     * @param stride bytes from one pair of inputs to the next
     * @param rows a multiple of the lanes, at most {@link Bf16Panels#ROWS}
     * @param count inputs, a multiple of twice the lanes
     * @param scratch {@link #SCRATCH} ints
     */
    static void unpack(
            MemorySegment w,
            long at,
            long stride,
            int rows,
            int count,
            float[] dst,
            int to,
            int dstStride,
            int[] scratch) {
        for (int k = 0; k < count; k += 2 * LANES) {
            long from = at + k / 2 * stride;
            for (int i = 0; i < QUARTER; i++) { // in the order of memory
                for (int r = 0; r < rows; r += LANES) {
                    load(w, from + i * stride + r * (long) Integer.BYTES, QUARTER * stride, scratch, r * LANES, i);
                }
            }
            for (int r = 0; r < rows; r += LANES) {
                for (int i = 0; i < QUARTER; i++) {
                    store(scratch, (r + i) * LANES, dst, to + k + (r + 4 * i) * dstStride, dstStride);
                }
            }
        }
    }

    /** Vectors i, i + n/4, i + n/2 and i + 3n/4 of a square, {@code stride} bytes apart: all shuffles but the last two. */
    private static void load(MemorySegment w, long at, long stride, int[] square, int to, int i) {
        IntVector a = IntVector.fromMemorySegment(Species.INT, w, at, LITTLE_ENDIAN);
        IntVector b = IntVector.fromMemorySegment(Species.INT, w, at + stride, LITTLE_ENDIAN);
        IntVector c = IntVector.fromMemorySegment(Species.INT, w, at + 2 * stride, LITTLE_ENDIAN);
        IntVector d = IntVector.fromMemorySegment(Species.INT, w, at + 3 * stride, LITTLE_ENDIAN);
        if (LANES == 16) {
            IntVector ac = LOW.selectFrom(a, c);
            IntVector bd = LOW.selectFrom(b, d);
            LOW.selectFrom(ac, bd).intoArray(square, to + 4 * i * LANES);
            HIGH.selectFrom(ac, bd).intoArray(square, to + (4 * i + 1) * LANES);
            IntVector ac2 = HIGH.selectFrom(a, c);
            IntVector bd2 = HIGH.selectFrom(b, d);
            LOW.selectFrom(ac2, bd2).intoArray(square, to + (4 * i + 2) * LANES);
            HIGH.selectFrom(ac2, bd2).intoArray(square, to + (4 * i + 3) * LANES);
        } else if (LANES == 8) {
            LOW.selectFrom(a, c).intoArray(square, to + 2 * i * LANES);
            HIGH.selectFrom(a, c).intoArray(square, to + (2 * i + 1) * LANES);
            LOW.selectFrom(b, d).intoArray(square, to + (2 * i + 4) * LANES);
            HIGH.selectFrom(b, d).intoArray(square, to + (2 * i + 5) * LANES);
        } else {
            a.intoArray(square, to);
            b.intoArray(square, to + LANES);
            c.intoArray(square, to + 2 * LANES);
            d.intoArray(square, to + 3 * LANES);
        }
    }

    /** The last two shuffles of the vectors i, i + n/4, i + n/2 and i + 3n/4 of a square, which give four rows of pairs. */
    private static void store(int[] square, int from, float[] dst, int to, int stride) {
        IntVector a = IntVector.fromArray(Species.INT, square, from);
        IntVector b = IntVector.fromArray(Species.INT, square, from + QUARTER * LANES);
        IntVector c = IntVector.fromArray(Species.INT, square, from + 2 * QUARTER * LANES);
        IntVector d = IntVector.fromArray(Species.INT, square, from + 3 * QUARTER * LANES);
        IntVector ac = LOW.selectFrom(a, c);
        IntVector bd = LOW.selectFrom(b, d);
        IntVector ac2 = HIGH.selectFrom(a, c);
        IntVector bd2 = HIGH.selectFrom(b, d);
        ShortVector r0 = LOW.selectFrom(ac, bd).reinterpretAsShorts();
        ((IntVector) r0.convertShape(ZERO_EXTEND_S2I, Species.INT, 0))
                .lanewise(LSHL, 16)
                .reinterpretAsFloats()
                .intoArray(dst, to);
        ((IntVector) r0.convertShape(ZERO_EXTEND_S2I, Species.INT, 1))
                .lanewise(LSHL, 16)
                .reinterpretAsFloats()
                .intoArray(dst, to + LANES);
        ShortVector r1 = HIGH.selectFrom(ac, bd).reinterpretAsShorts();
        ((IntVector) r1.convertShape(ZERO_EXTEND_S2I, Species.INT, 0))
                .lanewise(LSHL, 16)
                .reinterpretAsFloats()
                .intoArray(dst, to + stride);
        ((IntVector) r1.convertShape(ZERO_EXTEND_S2I, Species.INT, 1))
                .lanewise(LSHL, 16)
                .reinterpretAsFloats()
                .intoArray(dst, to + stride + LANES);
        ShortVector r2 = LOW.selectFrom(ac2, bd2).reinterpretAsShorts();
        ((IntVector) r2.convertShape(ZERO_EXTEND_S2I, Species.INT, 0))
                .lanewise(LSHL, 16)
                .reinterpretAsFloats()
                .intoArray(dst, to + 2 * stride);
        ((IntVector) r2.convertShape(ZERO_EXTEND_S2I, Species.INT, 1))
                .lanewise(LSHL, 16)
                .reinterpretAsFloats()
                .intoArray(dst, to + 2 * stride + LANES);
        ShortVector r3 = HIGH.selectFrom(ac2, bd2).reinterpretAsShorts();
        ((IntVector) r3.convertShape(ZERO_EXTEND_S2I, Species.INT, 0))
                .lanewise(LSHL, 16)
                .reinterpretAsFloats()
                .intoArray(dst, to + 3 * stride);
        ((IntVector) r3.convertShape(ZERO_EXTEND_S2I, Species.INT, 1))
                .lanewise(LSHL, 16)
                .reinterpretAsFloats()
                .intoArray(dst, to + 3 * stride + LANES);
    }
}
