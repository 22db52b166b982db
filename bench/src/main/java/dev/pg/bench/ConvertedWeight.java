package dev.pg.bench;

import dev.pg.core.DType;
import dev.pg.core.TensorSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A BF16 tensor in another float format, converted while it is written.
 *
 * @param source the tensor, of type BF16
 * @param dtype F32 or F16
 */
record ConvertedWeight(TensorSource source, DType dtype) implements TensorSource {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public String name() {
        return source.name();
    }

    @Override
    public long[] shape() {
        return source.shape();
    }

    @Override
    public void copyTo(MemorySegment target, long offset) {
        int elements = Math.toIntExact(target.byteSize() / dtype.bytes());
        MemorySegment bf16 = MemorySegment.ofArray(new byte[elements * Short.BYTES]);
        source.copyTo(bf16, offset / dtype.bytes() * Short.BYTES);
        for (int i = 0; i < elements; i++) {
            float value = Float.intBitsToFloat(bf16.getAtIndex(SHORT, i) << 16);
            switch (dtype) {
                case F32 -> target.setAtIndex(FLOAT, i, value);
                case F16 -> target.setAtIndex(SHORT, i, Float.floatToFloat16(value));
                default -> throw new IllegalArgumentException("weights are F32, F16 or BF16, not " + dtype);
            }
        }
    }
}
