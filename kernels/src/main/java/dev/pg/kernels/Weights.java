package dev.pg.kernels;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A weight matrix [rows × cols] in the number format of its file, read where it lies: nothing is converted when it is loaded.
 * A format knows how to unpack a block of itself to floats; {@link MatMul} needs no more. A new format is one new class.
 *
 * <p>Immutable, and as thread-safe as the memory behind it.
 */
public abstract sealed class Weights permits F32Weights, F16Weights, Bf16Weights, Bf16Panels, QuantizedWeights {
    private final String name;
    private final int rows;
    private final int cols;

    /** Little-endian, always native memory, at any alignment; row-major, unless the format says otherwise. */
    final MemorySegment data;

    Weights(Tensor t) {
        name = t.name();
        rows = toInt(t, t.dim(0));
        cols = rows == 0 ? 0 : toInt(t, t.elements() / rows);
        data = nativeData(t.data());
    }

    Weights(String name, int rows, int cols, MemorySegment data) {
        this.name = name;
        this.rows = rows;
        this.cols = cols;
        this.data = nativeData(data);
    }

    /**
     * The tensor as a matrix: its first dimension are the rows, all others together the columns, so that a convolution kernel
     * [out, in, height, width] is the matrix that multiplies flattened patches.
     *
     * @param t F32, F16 or BF16, of rank 2 or more; a view is kept, so it must not be closed before the last use
     * @throws PgException if the tensor has another type or rank, or a side longer than an {@code int}
     */
    public static Weights of(Tensor t) {
        if (t.rank() < 2) {
            throw new PgException(t + " is not a weight matrix: expected two or more dimensions");
        }
        return switch (t.dtype()) {
            case F32 -> new F32Weights(t);
            case F16 -> new F16Weights(t);
            case BF16 -> new Bf16Weights(t);
            default -> throw new PgException(t + " cannot be multiplied: expected F32, F16 or BF16");
        };
    }

    /**
     * As {@link #of}, and where there are kernels for it, rearranged so that decoding reads all weights as one straight stream. The
     * results may differ in the last bits.
     *
     * @param t in memory that may be written to: what it holds is the matrix's from now on, and no tensor any more
     * @param workers who shares the work; not closed by this
     */
    public static Weights packed(Tensor t, Workers workers) {
        return VectorSupport.AVAILABLE && Bf16Panels.fits(t) ? Bf16Panels.pack(t, workers) : of(t);
    }

    /** Name of the tensor, for messages. */
    public final String name() {
        return name;
    }

    public final int rows() {
        return rows;
    }

    public final int cols() {
        return cols;
    }

    /** The number format of the elements: {@code BF16}, {@code Q8}. */
    public abstract String format();

    /** Bytes that one multiplication reads. */
    public final long bytes() {
        return data.byteSize();
    }

    /**
     * Widens the block [row, row + rowCount) × [col, col + colCount) to floats, exactly. Row {@code row + i} goes to
     * {@code dst[dstOffset + i * dstStride]} and the {@code colCount - 1} floats behind it.
     *
     * @throws IndexOutOfBoundsException if the block leaves this matrix or {@code dst}
     */
    public final void unpack(int row, int rowCount, int col, int colCount, float[] dst, int dstOffset, int dstStride) {
        Objects.checkFromIndexSize(row, rowCount, rows);
        Objects.checkFromIndexSize(col, colCount, cols);
        unpackBlock(row, rowCount, col, colCount, dst, dstOffset, dstStride);
    }

    /** {@link #unpack}, for a block inside this matrix. */
    void unpackBlock(int row, int rowCount, int col, int colCount, float[] dst, int dstOffset, int dstStride) {
        for (int i = 0; i < rowCount; i++) {
            unpack((row + i) * (long) cols + col, colCount, dst, dstOffset + i * dstStride);
        }
    }

    /** Widens one whole row: {@code cols()} floats from {@code dst[dstOffset]} on. An embedding is looked up this way. */
    public final void copyRow(int row, float[] dst, int dstOffset) {
        unpack(row, 1, 0, cols, dst, dstOffset, cols);
    }

    /** Widens {@code count} elements, of which {@code first} is the first, counted through all rows. */
    abstract void unpack(long first, int count, float[] dst, int dstOffset);

    /** Inputs that {@link #dots} unpacks at once: into the L1 cache. */
    static final int UNPACKED = 1024;

    /** Floats of scratch memory that {@link #dots} and {@link #addDots} may use. */
    static final int SCRATCH = 6 * 512;

    /**
     * The products of some rows with one token, for the Vector API: sums[r][lane] adds the inputs k with k mod LANES = lane. A
     * format that does not override this is unpacked piece by piece into the L1 cache first.
     *
     * @param count inputs, a multiple of the lanes
     * @param sums overwritten from index 0 on
     * @param scratch {@link #SCRATCH} floats
     */
    void dots(int row, int rowCount, int count, float[] x, int xo, float[] sums, float[] scratch) {
        Arrays.fill(sums, 0, rowCount * VectorSupport.LANES, 0);
        for (int r = 0; r < rowCount; r++) {
            for (int k = 0; k < count; k += UNPACKED) {
                int depth = Math.min(UNPACKED, count - k);
                unpack(row + r, 1, k, depth, scratch, 0, depth);
                FloatDots.straight(scratch, 0, depth, x, xo + k, sums, r * VectorSupport.LANES);
            }
        }
    }

    /**
     * Adds products of weights and four tokens to sums[row][token][lane], for the Vector API; input k goes to lane k mod LANES, in the
     * order of k. A format that does not override this is unpacked piece by piece into the L1 cache first.
     *
     * @param rowCount at most {@link FewRows#TOGETHER}
     * @param count inputs, a multiple of the lanes
     * @param x [k / lanes × 4 tokens × lanes]
     * @param scratch {@link #SCRATCH} floats
     */
    void addDots(int row, int rowCount, int count, float[] x, int xo, float[] sums, int so, float[] scratch) {
        int stride = SCRATCH / FewRows.TOGETHER / 64 * 64;
        for (int k = 0; k < count; k += stride) {
            int depth = Math.min(stride, count - k);
            unpack(row, rowCount, k, depth, scratch, 0, stride);
            FloatDots.add(scratch, 0, stride, rowCount, depth, x, xo + 4 * k, sums, so);
        }
    }

    /** Name, type and shape, as messages show them. */
    @Override
    public final String toString() {
        return "\"" + name + "\" " + format() + " [" + rows + ", " + cols + "]";
    }

    private static int toInt(Tensor t, long size) {
        if (size > Integer.MAX_VALUE) {
            throw new PgException(
                    t + " is too large for a weight matrix: at most " + Integer.MAX_VALUE + " rows or columns");
        }
        return (int) size;
    }

    /**
     * Kernels that see both heap and native segments lose their fast path (the call sites turn megamorphic), so the few weights
     * that come on the heap, from tests and small converted tensors, move to native memory once.
     */
    private static MemorySegment nativeData(MemorySegment data) {
        if (data.isNative()) {
            return data;
        }
        return Arena.ofAuto()
                .allocate(Math.max(data.byteSize(), 1), VectorSupport.CACHE_LINE)
                .asSlice(0, data.byteSize())
                .copyFrom(data);
    }
}
