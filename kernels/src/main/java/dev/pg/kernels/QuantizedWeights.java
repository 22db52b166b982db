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
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int GROUP = Quantization.GROUP;
    private static final int TILE = Quantization.TILE;

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

    /** Where the codes of a group of a tile begin. */
    long codesAt(int tile, int group) {
        int inBlock = group % Quantization.BLOCK;
        return blockAt(tile, group - inBlock) + inBlock * (long) TILE;
    }

    /** Where the words of a group of a tile begin. */
    long wordsAt(int tile, int group) {
        int inBlock = group % Quantization.BLOCK;
        int block = group - inBlock;
        return blockAt(tile, block) + blockGroups(block) * (long) TILE + inBlock * (long) format.wordBytes();
    }

    /** Groups of the block that begins with {@code group}. */
    int blockGroups(int group) {
        return Math.min(Quantization.BLOCK, groups - group);
    }

    private long blockAt(int tile, int group) {
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
            int group = (col + c) / GROUP;
            stage(wordsAt(row / TILE, group), row % TILE, rowCount, staged);
            long codes = codesAt(row / TILE, group) + row % TILE;
            for (int r = 0; r < rowCount; r++) {
                int code = data.get(ValueLayout.JAVA_BYTE, codes + r);
                float low = levels[code & 15];
                float step = (low + levels[code >>> 4 & 15]) / format.steps();
                if (count == GROUP) {
                    widen(staged, r * GROUP, step, low, dst, to + r * stride + c);
                } else {
                    widen(staged, r * GROUP, step, low, whole, 0);
                    System.arraycopy(whole, skip, dst, to + r * stride + c, count);
                }
            }
            c += count;
        }
    }

    /** The weights of some rows of a group, as unsigned bytes in the order of the inputs. */
    private void stage(long groupWords, int row, int rowCount, byte[] staged) {
        int words = format.words();
        for (int r = 0; r < rowCount; r++) {
            for (int i = 0; i < words; i++) {
                long at = groupWords + (i * TILE + row + r) * (long) Integer.BYTES;
                int word = data.get(INT, at);
                if (format == Quantization.Q8) {
                    WORD.set(staged, r * GROUP + 4 * i, word);
                } else {
                    WORD.set(staged, r * GROUP + 8 * i, word & 0x0f0f0f0f);
                    WORD.set(staged, r * GROUP + 8 * i + 4, word >>> 4 & 0x0f0f0f0f);
                }
            }
        }
    }

    /** step · q − low for a group; {@code step} is a bound over a power of two, so that this is the formula of the format exactly. */
    private static void widen(byte[] q, int from, float step, float low, float[] dst, int to) {
        if (VectorSupport.AVAILABLE) {
            Simd.widen(q, from, step, low, dst, to);
        } else {
            for (int i = 0; i < GROUP; i++) {
                dst[to + i] = Math.fma(step, q[from + i] & 0xff, -low);
            }
        }
    }

    private static final class Simd {
        static void widen(byte[] q, int from, float step, float low, float[] dst, int to) {
            FloatVector minusLow = FloatVector.broadcast(Species.FLOAT, -low);
            for (int i = 0; i < GROUP; i += VectorSupport.LANES) {
                // The narrowest byte vector is wider than four lanes.
                int at = Math.min(i, GROUP - Species.BYTE.length());
                FloatVector v = (FloatVector) ByteVector.fromArray(Species.BYTE, q, from + at)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, Species.INT, (i - at) / VectorSupport.LANES)
                        .convertShape(VectorOperators.I2F, Species.FLOAT, 0);
                v.fma(FloatVector.broadcast(Species.FLOAT, step), minusLow).intoArray(dst, to + i);
            }
        }
    }
}
