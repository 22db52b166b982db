package dev.pg.kernels;

import dev.pg.core.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The vectors of one document, stored as {@link MaxSim} reads them: in blocks of as many vectors as two registers have lanes, component k of
 * all of them side by side, so that a register holds the same component of several vectors and no sum ever crosses its lanes. In float32,
 * float16, or int8 with one factor for each vector (its largest component becomes ±127).
 *
 * <p>Immutable and thread-safe; lies outside the heap and is freed when nobody uses it.
 */
public final class PageVectors {
    /** Vectors of a block. */
    static final int BLOCK = VectorSupport.AVAILABLE ? 2 * VectorSupport.LANES : 16;

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final float LARGEST_INT8 = 127;

    /** Bytes behind the last vector: the narrowest vector of bytes has eight lanes, of which four are used beside 128 bits. */
    private static final int SPARE = 8;

    private final DType dtype;
    private final int count;
    private final int dim;
    private final MemorySegment data;
    private final float[] factors; // of each vector of each block; null if all are 1

    private PageVectors(Matrix vectors, DType dtype) {
        this.dtype = dtype;
        this.count = vectors.rows();
        this.dim = vectors.cols();
        int padded = blocks() * BLOCK;
        this.data = Arena.ofAuto().allocate((long) padded * dim * dtype.bytes() + SPARE, VectorSupport.CACHE_LINE);
        this.factors = dtype == DType.I8 ? new float[padded] : null;
        for (int i = 0; i < padded; i++) {
            put(i, vectors, Math.min(i, count - 1)); // the last one again, which changes no maximum
        }
    }

    /**
     * Stores vectors.
     *
     * @param vectors [count × dim], at least one; copied
     * @param dtype {@link DType#F32}, {@link DType#F16} or {@link DType#I8}
     * @throws IllegalArgumentException if there are none, or for another type
     */
    public static PageVectors of(Matrix vectors, DType dtype) {
        if (vectors.rows() == 0 || vectors.cols() == 0) {
            throw new IllegalArgumentException("a page has at least one vector");
        }
        if (dtype != DType.F32 && dtype != DType.F16 && dtype != DType.I8) {
            throw new IllegalArgumentException("vectors are stored as F32, F16 or I8, not " + dtype);
        }
        return new PageVectors(vectors, dtype);
    }

    private void put(int i, Matrix vectors, int row) {
        int from = vectors.at(row);
        float largest = 0;
        for (int k = 0; k < dim; k++) {
            largest = Math.max(largest, Math.abs(vectors.data()[from + k]));
        }
        if (factors != null) {
            factors[i] = largest / LARGEST_INT8;
        }
        for (int k = 0; k < dim; k++) {
            float value = vectors.data()[from + k];
            long at = ((long) (i / BLOCK) * dim + k) * BLOCK + i % BLOCK;
            switch (dtype) {
                case F32 -> data.setAtIndex(FLOAT, at, value);
                case F16 -> data.setAtIndex(SHORT, at, Float.floatToFloat16(value));
                default -> data.set(ValueLayout.JAVA_BYTE, at, largest == 0 ? 0 : (byte) Math.rint(value / factors[i]));
            }
        }
    }

    /** Number of vectors. */
    public int count() {
        return count;
    }

    /** Components of a vector. */
    public int dim() {
        return dim;
    }

    public DType dtype() {
        return dtype;
    }

    /** Bytes that one scoring reads. */
    public long bytes() {
        return data.byteSize() - SPARE + (factors == null ? 0 : factors.length * (long) Float.BYTES);
    }

    int blocks() {
        return Math.ceilDiv(count, BLOCK);
    }

    MemorySegment data() {
        return data;
    }

    /** What products with int8 vectors are multiplied by, [blocks × BLOCK]; null for other types. */
    float[] factors() {
        return factors;
    }

    /** Component {@code k} of vector {@code i} of a block, without its factor. */
    float component(int block, int k, int i) {
        long at = ((long) block * dim + k) * BLOCK + i;
        return switch (dtype) {
            case F32 -> data.getAtIndex(FLOAT, at);
            case F16 -> Float.float16ToFloat(data.getAtIndex(SHORT, at));
            default -> data.get(ValueLayout.JAVA_BYTE, at);
        };
    }
}
