package dev.pg.kernels;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Weights in bfloat16: the upper half of a float. */
final class Bf16Weights extends Weights {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    Bf16Weights(Tensor t) {
        super(t);
    }

    @Override
    public String format() {
        return DType.BF16.name();
    }

    @Override
    void unpack(long first, int count, float[] dst, int dstOffset) {
        int done = WarmUp.vectors() ? Bf16Dots.unpack(data, first * Short.BYTES, count, dst, dstOffset) : 0;
        for (int i = done; i < count; i++) {
            short bits = data.get(SHORT, (first + i) * Short.BYTES);
            dst[dstOffset + i] = Float.intBitsToFloat(bits << 16);
        }
    }

    @Override
    void unpackBlock(int row, int rowCount, int col, int colCount, float[] dst, int dstOffset, int dstStride) {
        int together = 0;
        if (WarmUp.vectors()) {
            together = rowCount - rowCount % Bf16Dots.UNPACKED_TOGETHER;
            long stride = cols() * (long) Short.BYTES;
            long first = row * stride + col * (long) Short.BYTES;
            int whole = Bf16Dots.unpack(data, first, stride, together, colCount, dst, dstOffset, dstStride);
            super.unpackBlock(row, together, col + whole, colCount - whole, dst, dstOffset + whole, dstStride);
        }
        int from = dstOffset + together * dstStride;
        super.unpackBlock(row + together, rowCount - together, col, colCount, dst, from, dstStride);
    }

    @Override
    void dots(int row, int rowCount, int count, float[] x, int xo, float[] sums, float[] scratch) {
        long stride = cols() * (long) Short.BYTES;
        Bf16Dots.dots(data, row * stride, stride, rowCount, count, x, xo, sums);
    }

    @Override
    void addDots(int row, int rowCount, int count, float[] x, int xo, float[] sums, int so, float[] scratch) {
        addDots(row, 1, rowCount, count, x, xo, sums, so);
    }

    /** {@link Weights#addDots} for rows that lie {@code apart} rows from each other. */
    void addDots(int row, int apart, int rowCount, int count, float[] x, int xo, float[] sums, int so) {
        long stride = cols() * (long) Short.BYTES;
        Bf16Dots.add(data, row * stride, apart * stride, rowCount, count, x, xo, sums, so);
    }
}
