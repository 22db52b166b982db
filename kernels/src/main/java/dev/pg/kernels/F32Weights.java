package dev.pg.kernels;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Weights in IEEE single precision. */
final class F32Weights extends Weights {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    F32Weights(Tensor t) {
        super(t);
    }

    @Override
    public String format() {
        return DType.F32.name();
    }

    @Override
    void unpack(long first, int count, float[] dst, int dstOffset) {
        MemorySegment.copy(data, FLOAT, first * Float.BYTES, dst, dstOffset, count);
    }

    @Override
    void dots(int row, int rowCount, int count, float[] x, int xo, float[] sums, float[] scratch) {
        long stride = cols() * (long) Float.BYTES;
        F32Dots.dots(data, row * stride, stride, rowCount, count, x, xo, sums);
    }
}
