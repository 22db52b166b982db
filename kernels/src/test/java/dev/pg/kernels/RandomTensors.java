package dev.pg.kernels;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Operands of any type and place for the tests of matrix products. */
final class RandomTensors {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SplittableRandom random;

    RandomTensors(long seed) {
        random = new SplittableRandom(seed);
    }

    float[] floats(int count) {
        float[] out = new float[count];
        for (int i = 0; i < count; i++) {
            out[i] = (float) random.nextGaussian();
        }
        return out;
    }

    /** A random matrix in the type itself: what is rounded is rounded here. */
    Tensor tensor(DType dtype, int rows, int cols) {
        return tensor(dtype, floats(rows * cols), rows, cols);
    }

    static Tensor tensor(DType dtype, float[] values, int rows, int cols) {
        if (dtype == DType.F32) {
            return Tensor.ofFloats("w", values, rows, cols);
        }
        MemorySegment data = MemorySegment.ofArray(new byte[2 * values.length]);
        for (int i = 0; i < values.length; i++) {
            short bits = dtype == DType.F16
                    ? Float.floatToFloat16(values[i])
                    : (short) (Float.floatToRawIntBits(values[i]) >>> 16);
            data.setAtIndex(SHORT, i, bits);
        }
        return new Tensor("w", dtype, new long[] {rows, cols}, data);
    }

    /** The same values in native memory, {@code offset} bytes behind a cache line's start and ending where the memory ends. */
    static Tensor shifted(Tensor t, long offset) {
        long size = t.data().byteSize();
        MemorySegment place = Arena.ofAuto().allocate(offset + size, 64).asSlice(offset, size);
        return new Tensor(t.name(), t.dtype(), t.shape(), place.copyFrom(t.data()));
    }

    /** Random activations that are the columns from 3 on of a wider matrix. */
    Matrix window(int rows, int cols) {
        Matrix wide = new Matrix(rows, cols + 5);
        Matrix window = wide.columns(3, cols);
        for (int r = 0; r < rows; r++) {
            System.arraycopy(floats(cols), 0, window.data(), window.at(r), cols);
        }
        return window;
    }
}
