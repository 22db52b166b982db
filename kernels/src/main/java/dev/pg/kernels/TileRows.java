package dev.pg.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.BITWISE_BLEND;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/**
 * Turns a group of a tile of {@link QuantizedWeights} to rows of floats. A word has two inputs of one row, and the next word of that row lies a whole tile on.
 * So words are joined first: an int lane holds those of two rows, a long lane those of four, and shifts and masks make four vectors of longs of four
 * such vectors, each lane with four words of one row. Two longs side by side are a row: sixteen bytes in the order of the inputs.
 *
 * <p>Belongs to one thread.
 */
final class TileRows {
    private static final int GROUP = Quantization.GROUP;
    private static final int TILE = Quantization.TILE;
    private static final int LANES = VectorSupport.LANES;

    /** From a word of a row to the next. */
    private static final long WORD_BYTES = TILE * (long) Short.BYTES;

    /** Ints of a long for each row. */
    private static final int LONGS = 2 * TILE;

    /** Of two words in an int, the second. */
    private static final int SECOND_WORD = 0xffff0000;

    /** Of two ints in a long, the second. */
    private static final long SECOND_INT = 0xffff_ffff_0000_0000L;

    /** The low halves of four bytes. */
    private static final int LOW_HALVES = 0x0f0f0f0f;

    /** The longs of two vectors in turn, as pairs of lanes: those of their first halves, and those of their second. */
    private static final IntVector LOW = vector(lane -> lane % 4 / 2 * LANES + lane / 4 * 2 + lane % 2);

    private static final IntVector HIGH = LOW.add(LANES / 2);

    /** Where {@link #join} and {@link #zip} put a row: of those that two vectors of ints hold the words of, every fourth stands together. */
    private static final int[] PLACES = IntStream.range(0, TILE)
            .map(r -> (r - r % (2 * LANES) + r % 4 * (LANES / 2) + r % (2 * LANES) / 4) * GROUP)
            .toArray();

    private final QuantizedWeights w;
    private final int[] longs = new int[2 * LONGS]; // [2 × TILE longs]
    private final byte[] bytes = new byte[TILE * GROUP]; // [TILE × GROUP], rows at their PLACES
    private final float[] scales = new float[TILE];
    private final float[] minusOffsets = new float[TILE];

    TileRows(QuantizedWeights w) {
        this.w = w;
    }

    private static IntVector vector(IntUnaryOperator lanes) {
        return IntVector.fromArray(
                Species.INT, IntStream.range(0, LANES).map(lanes).toArray(), 0);
    }

    /**
     * Widens a group of some rows of a tile; reads those of all rows.
     *
     * @param at where the group begins
     * @param row the first, of the tile
     * @param to where the first row goes in {@code dst}; the next is {@code stride} floats on
     */
    void unpack(long at, int row, int rows, float[] dst, int to, int stride) {
        Quantization format = w.quantization();
        join(w.data, at + TILE, longs, 0);
        if (format == Quantization.Q8) {
            join(w.data, at + TILE + 4 * WORD_BYTES, longs, LONGS);
        } else {
            split(longs);
        }
        zip(longs, LANES, bytes);
        decode(w.data, at, w.levels(), format.zeroSpacing(), format.middle(), scales, minusOffsets);
        widen(bytes, row, rows, format.spacing(), minusOffsets, scales, dst, to, stride);
    }

    /** Scales of all rows, and what is added to their numbers: in two loops, since one with all constants of both has too few registers with AVX2. */
    private static void decode(
            MemorySegment w,
            long at,
            float[] levels,
            int zeroSpacing,
            int middle,
            float[] scales,
            float[] minusOffsets) {
        IntVector t0 = FloatVector.fromArray(Species.FLOAT, levels, 0).reinterpretAsInts();
        IntVector t1 = FloatVector.fromArray(Species.FLOAT, levels, LANES % 16).reinterpretAsInts();
        IntVector t2 =
                FloatVector.fromArray(Species.FLOAT, levels, 2 * LANES % 16).reinterpretAsInts();
        IntVector t3 =
                FloatVector.fromArray(Species.FLOAT, levels, 3 * LANES % 16).reinterpretAsInts();
        for (int r = 0; r < TILE; r += LANES) {
            int start = Math.min(r, TILE - Species.BYTE.length()); // the narrowest byte vector is wider than four lanes
            IntVector code = (IntVector) ByteVector.fromMemorySegment(Species.BYTE, w, at + start, LITTLE_ENDIAN)
                    .convertShape(B2I, Species.INT, (r - start) / LANES);
            IntVector scale = LANES == 16
                    ? code.selectFrom(t0)
                    : LANES == 8
                            ? code.selectFrom(t0)
                                    .blend(
                                            code.selectFrom(t1),
                                            code.lanewise(LSHL, 28).compare(LT, 0))
                            : code.selectFrom(t0, t1)
                                    .blend(
                                            code.selectFrom(t2, t3),
                                            code.lanewise(LSHL, 28).compare(LT, 0));
            scale.reinterpretAsFloats().intoArray(scales, r);
        }
        for (int r = 0; r < TILE; r += LANES) {
            int start = Math.min(r, TILE - Species.BYTE.length());
            IntVector code = (IntVector) ByteVector.fromMemorySegment(Species.BYTE, w, at + start, LITTLE_ENDIAN)
                    .convertShape(B2I, Species.INT, (r - start) / LANES);
            ((FloatVector) code.lanewise(ASHR, 4).mul(-zeroSpacing).sub(middle).convertShape(I2F, Species.FLOAT, 0))
                    .intoArray(minusOffsets, r);
        }
    }

    /** Four words of each row to a long, the first lowest. */
    private static void join(MemorySegment w, long at, int[] longs, int to) {
        for (int r = 0; r < TILE; r += 2 * LANES) {
            long from = at + r * (long) Short.BYTES;
            IntVector w0 = IntVector.fromMemorySegment(Species.INT, w, from, LITTLE_ENDIAN);
            IntVector w1 = IntVector.fromMemorySegment(Species.INT, w, from + WORD_BYTES, LITTLE_ENDIAN);
            IntVector w2 = IntVector.fromMemorySegment(Species.INT, w, from + 2 * WORD_BYTES, LITTLE_ENDIAN);
            IntVector w3 = IntVector.fromMemorySegment(Species.INT, w, from + 3 * WORD_BYTES, LITTLE_ENDIAN);
            LongVector even01 = w0.lanewise(BITWISE_BLEND, w1.lanewise(LSHL, 16), SECOND_WORD)
                    .reinterpretAsLongs();
            LongVector even23 = w2.lanewise(BITWISE_BLEND, w3.lanewise(LSHL, 16), SECOND_WORD)
                    .reinterpretAsLongs();
            LongVector odd01 = w0.lanewise(LSHR, 16)
                    .lanewise(BITWISE_BLEND, w1, SECOND_WORD)
                    .reinterpretAsLongs();
            LongVector odd23 = w2.lanewise(LSHR, 16)
                    .lanewise(BITWISE_BLEND, w3, SECOND_WORD)
                    .reinterpretAsLongs();
            LongVector row0 = even01.lanewise(BITWISE_BLEND, even23.lanewise(LSHL, 32), SECOND_INT);
            LongVector row1 = odd01.lanewise(BITWISE_BLEND, odd23.lanewise(LSHL, 32), SECOND_INT);
            LongVector row2 = even01.lanewise(LSHR, 32).lanewise(BITWISE_BLEND, even23, SECOND_INT);
            LongVector row3 = odd01.lanewise(LSHR, 32).lanewise(BITWISE_BLEND, odd23, SECOND_INT);
            row0.reinterpretAsInts().intoArray(longs, to + 2 * r);
            row1.reinterpretAsInts().intoArray(longs, to + 2 * r + LANES);
            row2.reinterpretAsInts().intoArray(longs, to + 2 * r + 2 * LANES);
            row3.reinterpretAsInts().intoArray(longs, to + 2 * r + 3 * LANES);
        }
    }

    /** The low halves of all bytes of the first longs, and the high ones behind them. */
    private static void split(int[] longs) {
        for (int i = 0; i < LONGS; i += LANES) {
            IntVector halves = IntVector.fromArray(Species.INT, longs, i);
            halves.and(LOW_HALVES).intoArray(longs, i);
            halves.lanewise(LSHR, 4).and(LOW_HALVES).intoArray(longs, LONGS + i);
        }
    }

    /** The two longs of each row side by side. The step of its loop is {@link #LANES}, but a parameter: C2 would unroll a loop with a constant step, and spill. */
    private static void zip(int[] longs, int step, byte[] bytes) {
        for (int i = 0; i < LONGS; i += step) {
            IntVector first = IntVector.fromArray(Species.INT, longs, i);
            IntVector second = IntVector.fromArray(Species.INT, longs, LONGS + i);
            LOW.selectFrom(first, second).reinterpretAsBytes().intoArray(bytes, 2 * i * Integer.BYTES);
            HIGH.selectFrom(first, second).reinterpretAsBytes().intoArray(bytes, (2 * i + LANES) * Integer.BYTES);
        }
    }

    /** scale · (spacing · q − offset) for some rows of a group. The number in brackets is whole and exact, so only its product is rounded. */
    private static void widen(
            byte[] bytes,
            int row,
            int rows,
            float spacing,
            float[] minusOffsets,
            float[] scales,
            float[] dst,
            int to,
            int stride) {
        FloatVector spacings = FloatVector.broadcast(Species.FLOAT, spacing);
        for (int r = 0; r < rows; r++) {
            int from = PLACES[row + r];
            FloatVector minusOffset = FloatVector.broadcast(Species.FLOAT, minusOffsets[row + r]);
            FloatVector scale = FloatVector.broadcast(Species.FLOAT, scales[row + r]);
            for (int i = 0; i < GROUP; i += LANES) {
                // The narrowest byte vector is wider than four lanes.
                int at = Math.min(i, GROUP - Species.BYTE.length());
                FloatVector q = (FloatVector) ByteVector.fromArray(Species.BYTE, bytes, from + at)
                        .convertShape(ZERO_EXTEND_B2I, Species.INT, (i - at) / LANES)
                        .convertShape(I2F, Species.FLOAT, 0);
                q.fma(spacings, minusOffset).mul(scale).intoArray(dst, to + r * stride + i);
            }
        }
    }
}
