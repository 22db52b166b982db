package dev.pg.kernels;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Weights in eight or four bits, laid out as {@link Quantization} says. */
public final class QuantizedWeights extends Weights {
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int GROUP = Quantization.GROUP;
    private static final int TILE = Quantization.TILE;

    /** Fewer rows are unpacked one weight after the other: vectors turn all rows of a tile, wanted or not. */
    private static final int FEW = 4;

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
        WarmUp.need(Layout.of(format), packed.data());
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

    /** The code of a row of the tile, in the group that begins at {@code group}. */
    byte code(long group, int row) {
        return data.get(ValueLayout.JAVA_BYTE, group + row);
    }

    /** The scale of a group of this code. */
    float level(byte code) {
        return levels[code & 15];
    }

    /** The q of all inputs of a row of the tile, in the group that begins at {@code group}. */
    void read(long group, int row, int[] q) {
        for (int i = 0; i < format.words(); i++) {
            int word = data.get(SHORT, group + TILE + (i * TILE + row) * (long) Short.BYTES);
            q[2 * i] = word & format.most();
            q[2 * i + 1] = word >>> 8 & format.most();
            if (format == Quantization.Q4) {
                q[8 + 2 * i] = word >>> 4 & format.most();
                q[9 + 2 * i] = word >>> 12 & format.most();
            }
        }
    }

    @Override
    void unpack(long first, int count, float[] dst, int dstOffset) {
        int row = (int) (first / cols());
        unpackBlock(row, 1, (int) (first - row * (long) cols()), count, dst, dstOffset, count);
    }

    @Override
    void unpackBlock(int row, int rowCount, int col, int colCount, float[] dst, int dstOffset, int dstStride) {
        int whole = 0; // columns that are turned by vectors
        if (WarmUp.vectors() && rowCount >= FEW && col % GROUP == 0) {
            whole = colCount - colCount % GROUP;
            TileRows turned = new TileRows(this);
            for (int r = 0; r < rowCount; ) {
                int first = (row + r) % TILE;
                int inTile = Math.min(rowCount - r, TILE - first);
                for (int c = 0; c < whole; c += GROUP) {
                    long at = groupAt((row + r) / TILE, (col + c) / GROUP);
                    turned.unpack(at, first, inTile, dst, dstOffset + r * dstStride + c, dstStride);
                }
                r += inTile;
            }
        }
        for (int r = 0; r < rowCount; r++) {
            widen(row + r, col + whole, colCount - whole, dst, dstOffset + r * dstStride + whole);
        }
    }

    /** Some weights of a row, one by one. */
    private void widen(int row, int col, int count, float[] dst, int to) {
        int[] q = new int[GROUP];
        for (int c = 0; c < count; ) {
            int input = (col + c) % GROUP;
            int end = Math.min(GROUP, input + count - c);
            long group = groupAt(row / TILE, (col + c) / GROUP);
            byte code = code(group, row % TILE);
            read(group, row % TILE, q);
            float level = level(code);
            int offset = format.offset(code);
            for (; input < end; input++) {
                dst[to + c++] = level * (format.spacing() * q[input] - offset);
            }
        }
    }
}
