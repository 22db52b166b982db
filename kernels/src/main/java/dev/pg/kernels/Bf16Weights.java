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
    public DType dtype() {
        return DType.BF16;
    }

    @Override
    void unpack(long first, int count, float[] dst, int dstOffset) {
        for (int i = 0; i < count; i++) {
            short bits = data.get(SHORT, (first + i) * Short.BYTES);
            dst[dstOffset + i] = Float.intBitsToFloat(bits << 16);
        }
    }
}
