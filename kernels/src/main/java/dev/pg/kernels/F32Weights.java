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
    public DType dtype() {
        return DType.F32;
    }

    @Override
    void unpack(long first, int count, float[] dst, int dstOffset) {
        MemorySegment.copy(data, FLOAT, first * Float.BYTES, dst, dstOffset, count);
    }

    @Override
    void addDots(
            int row,
            int rowCount,
            int col,
            int colCount,
            int tokens,
            float[] x,
            int xo,
            float[] sums,
            int so,
            float[] scratch) {
        if (rowCount == FewRows.ROWS) {
            long stride = cols() * (long) Float.BYTES;
            long first = row * stride + col * (long) Float.BYTES;
            F32Dots.add(data, first, stride, rowCount, colCount, tokens, x, xo, sums, so);
        } else {
            super.addDots(row, rowCount, col, colCount, tokens, x, xo, sums, so, scratch);
        }
    }
}
