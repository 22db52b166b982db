package dev.pg.core;

import java.lang.foreign.MemorySegment;

/**
 * What {@link Safetensors#write} needs of a tensor: its description, and its bytes piece by piece. A {@link Tensor} has them in
 * memory; another source may make them as they are asked for, so that a file can be larger than memory.
 */
public interface TensorSource {
    /** As in the file. */
    String name();

    /** Element type. */
    DType dtype();

    /** Sizes, outermost first; empty for a scalar. */
    long[] shape();

    /**
     * Fills {@code target} with the little-endian bytes that begin at {@code offset}. The writer asks for all bytes of a tensor in
     * order, before it asks for the next tensor.
     */
    void copyTo(MemorySegment target, long offset);

    /**
     * Number of bytes in all.
     *
     * @throws ArithmeticException if it exceeds a long
     */
    default long bytes() {
        long bytes = dtype().bytes();
        for (long size : shape()) {
            bytes = Math.multiplyExact(bytes, size);
        }
        return bytes;
    }
}
