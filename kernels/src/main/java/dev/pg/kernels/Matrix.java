package dev.pg.kernels;

import java.util.Arrays;
import java.util.Objects;

/**
 * Float activations: {@code rows} × {@code cols}, row-major, {@code stride} floats from one row to the next, in a heap array.
 * Element (r, c) is {@code data()[at(r) + c]}. Columns between {@code cols} and {@code stride} are padding that nobody reads.
 *
 * <p>A matrix made by its constructor owns its array and grows with {@link #reshape}; one made by {@link #columns} or
 * {@link #rows(int, int)} is a window on another's array, valid until that one grows. Not thread-safe, but workers may write
 * disjoint rows or columns at once.
 */
public final class Matrix {
    /** Rows start at multiples of this many floats: one 64-byte cache line. */
    private static final int ALIGN = 16;

    private float[] data;
    private final int offset;
    private int rows;
    private final int cols;
    private final int stride;

    /** A zero matrix [rows × cols]. */
    public Matrix(int rows, int cols) {
        this.cols = cols;
        this.stride = Math.multiplyExact(Math.ceilDiv(cols, ALIGN), ALIGN);
        this.offset = 0;
        this.data = new float[0];
        reshape(rows);
    }

    private Matrix(float[] data, int offset, int rows, int cols, int stride) {
        this.data = data;
        this.offset = offset;
        this.rows = rows;
        this.cols = cols;
        this.stride = stride;
    }

    /** A copy of {@code values}, row-major and without padding: [rows × cols]. */
    public static Matrix of(int rows, int cols, float... values) {
        Objects.checkFromIndexSize(0, Math.multiplyExact(rows, cols), values.length);
        Matrix m = new Matrix(rows, cols);
        for (int r = 0; r < rows; r++) {
            System.arraycopy(values, r * cols, m.data, m.at(r), cols);
        }
        return m;
    }

    /**
     * Sets the number of rows, keeping the rows that are there. The array grows by at least half when it must and never
     * shrinks, so a buffer that has seen its largest size allocates no more. Windows made before a growth go stale.
     */
    public void reshape(int newRows) {
        long needed = (long) offset + (long) newRows * stride;
        if (needed > data.length) {
            if (needed > Integer.MAX_VALUE - 8) {
                throw new OutOfMemoryError("a matrix of " + newRows + " x " + cols + " floats exceeds one Java array");
            }
            long grown = Math.min(Math.max(needed, data.length + (data.length >> 1)), Integer.MAX_VALUE - 8);
            data = Arrays.copyOf(data, (int) grown);
        }
        rows = newRows;
    }

    /** Columns [from, from + count) of all rows, sharing the data. */
    public Matrix columns(int from, int count) {
        Objects.checkFromIndexSize(from, count, cols);
        return new Matrix(data, offset + from, rows, count, stride);
    }

    /** Rows [from, from + count), sharing the data. */
    public Matrix rows(int from, int count) {
        Objects.checkFromIndexSize(from, count, rows);
        return new Matrix(data, at(from), count, cols, stride);
    }

    public float[] data() {
        return data;
    }

    /** Index in {@link #data} of the first element of {@code row}. */
    public int at(int row) {
        return offset + row * stride;
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    /** Floats from the start of one row to the start of the next. */
    public int stride() {
        return stride;
    }

    public float get(int row, int col) {
        return data[at(row) + col];
    }

    /** A row-major copy without padding: {@code rows * cols} floats. */
    public float[] toArray() {
        float[] out = new float[Math.multiplyExact(rows, cols)];
        for (int r = 0; r < rows; r++) {
            System.arraycopy(data, at(r), out, r * cols, cols);
        }
        return out;
    }
}
