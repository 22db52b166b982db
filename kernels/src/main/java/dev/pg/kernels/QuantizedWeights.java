package dev.pg.kernels;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Weights in eight or four bits, laid out as {@link Quantization} says. */
public final class QuantizedWeights extends Weights {
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle EIGHT_BYTES =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** The low halves of eight bytes. */
    private static final long LOW_HALVES = 0x0f0f0f0f_0f0f0f0fL;

    private static final int GROUP = Quantization.GROUP;
    private static final int TILE = Quantization.TILE;

    /** From a word of a row to the next. */
    private static final long WORD_BYTES = TILE * (long) Short.BYTES;

    private final Quantization format;
    private final float[] levels;
    private final int groups; // of a row

    private QuantizedWeights(String name, int rows, int cols, Quantization format, Tensor packed, float[] levels) {
        super(name, rows, cols, packed.data());
        this.format = format;
        this.levels = levels.clone();
        this.groups = Math.ceilDiv(cols, GROUP);
    }

    /**
     * A matrix [rows × cols] over packed bytes, of which a view is kept.
     *
     * @param name for messages
     * @param packed of {@link Quantization#packedShape}
     * @param levels {@link Quantization#LEVELS} finite numbers, none below 0
     * @throws PgException if the bytes have another shape, or levels are something else
     */
    public static QuantizedWeights of(
            String name, int rows, int cols, Quantization format, Tensor packed, float[] levels) {
        long[] shape = format.packedShape(rows, cols);
        if (!Arrays.equals(packed.shape(), shape)) {
            throw new PgException(packed + " does not hold " + format + " weights [" + rows + ", " + cols
                    + "] in groups of " + GROUP + ", which take " + Arrays.toString(shape)
                    + "; quantise the model again with this version of pg");
        }
        if (levels.length != Quantization.LEVELS) {
            throw new PgException(
                    packed + " needs " + Quantization.LEVELS + " levels, not " + levels.length + "; quantise it again");
        }
        for (float level : levels) {
            if (!(level >= 0 && level < Float.POSITIVE_INFINITY)) {
                throw new PgException(packed + " has a level of " + level + "; the file is damaged, quantise it again");
            }
        }
        return new QuantizedWeights(name, rows, cols, format, packed, levels);
    }

    @Override
    public String format() {
        return format.name();
    }

    /** The format of the elements. */
    public Quantization quantization() {
        return format;
    }

    float[] levels() {
        return levels;
    }

    /** Groups of a row. */
    int groups() {
        return groups;
    }

    /** Where a group of a tile begins. */
    long groupAt(int tile, int group) {
        return (tile * (long) groups + group) * format.groupBytes();
    }

    @Override
    void unpack(long first, int count, float[] dst, int dstOffset) {
        int row = (int) (first / cols());
        unpackBlock(row, 1, (int) (first - row * (long) cols()), count, dst, dstOffset, count);
    }

    @Override
    void unpackBlock(int row, int rowCount, int col, int colCount, float[] dst, int dstOffset, int dstStride) {
        for (int r = 0; r < rowCount; ) {
            int inTile = Math.min(rowCount - r, TILE - (row + r) % TILE);
            unpackTile(row + r, inTile, col, colCount, dst, dstOffset + r * dstStride, dstStride);
            r += inTile;
        }
    }

    /** As {@link #unpackBlock}, for rows of one tile. */
    private void unpackTile(int row, int rowCount, int col, int colCount, float[] dst, int to, int stride) {
        Objects.checkFromIndexSize(to, colCount == 0 ? 0 : (rowCount - 1) * stride + colCount, dst.length);
        byte[] staged = new byte[rowCount * GROUP];
        float[] whole = new float[GROUP];
        for (int c = 0; c < colCount; ) {
            int skip = (col + c) % GROUP;
            int count = Math.min(GROUP - skip, colCount - c);
            long codes = groupAt(row / TILE, (col + c) / GROUP) + row % TILE;
            stage(codes + TILE + row % TILE, rowCount, staged);
            for (int r = 0; r < rowCount; r++) {
                byte code = data.get(ValueLayout.JAVA_BYTE, codes + r);
                float scale = levels[code & 15];
                int offset = format.offset(code);
                if (count == GROUP) {
                    widen(staged, r * GROUP, format.spacing(), offset, scale, dst, to + r * stride + c);
                } else {
                    widen(staged, r * GROUP, format.spacing(), offset, scale, whole, 0);
                    System.arraycopy(whole, skip, dst, to + r * stride + c, count);
                }
            }
            c += count;
        }
    }

    /** The weights of some rows of a group, as unsigned bytes in the order of the inputs. */
    private void stage(long word, int rowCount, byte[] staged) {
        for (int r = 0; r < rowCount; r++) {
            long first = four(word + r * (long) Short.BYTES);
            if (format == Quantization.Q8) {
                EIGHT_BYTES.set(staged, r * GROUP, first);
                EIGHT_BYTES.set(staged, r * GROUP + 8, four(word + r * (long) Short.BYTES + 4 * WORD_BYTES));
            } else {
                EIGHT_BYTES.set(staged, r * GROUP, first & LOW_HALVES);
                EIGHT_BYTES.set(staged, r * GROUP + 8, first >>> 4 & LOW_HALVES);
            }
        }
    }

    /** Four words of a row, one after the other. */
    private long four(long at) {
        long first = data.get(SHORT, at) & 0xffffL;
        long second = data.get(SHORT, at + WORD_BYTES) & 0xffffL;
        long third = data.get(SHORT, at + 2 * WORD_BYTES) & 0xffffL;
        long fourth = data.get(SHORT, at + 3 * WORD_BYTES) & 0xffffL;
        return first | (second << 16) | (third << 32) | (fourth << 48);
    }

    /** scale · (spacing · q − offset) for a group. The number in brackets is whole and exact, so only its product is rounded. */
    private static void widen(byte[] q, int from, float spacing, float offset, float scale, float[] dst, int to) {
        if (VectorSupport.AVAILABLE) {
            Simd.widen(q, from, spacing, offset, scale, dst, to);
        } else {
            for (int i = 0; i < GROUP; i++) {
                dst[to + i] = scale * (spacing * (q[from + i] & 0xff) - offset);
            }
        }
    }

    private static final class Simd {
        static void widen(byte[] q, int from, float spacing, float offset, float scale, float[] dst, int to) {
            FloatVector minusOffset = FloatVector.broadcast(Species.FLOAT, -offset);
            for (int i = 0; i < GROUP; i += VectorSupport.LANES) {
                // The narrowest byte vector is wider than four lanes.
                int at = Math.min(i, GROUP - Species.BYTE.length());
                FloatVector v = (FloatVector) ByteVector.fromArray(Species.BYTE, q, from + at)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, Species.INT, (i - at) / VectorSupport.LANES)
                        .convertShape(VectorOperators.I2F, Species.FLOAT, 0);
                v.fma(FloatVector.broadcast(Species.FLOAT, spacing), minusOffset)
                        .mul(scale)
                        .intoArray(dst, to + i);
            }
        }
    }
}
