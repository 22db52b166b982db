package dev.pg.kernels;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Weights in IEEE half precision. */
final class F16Weights extends Weights {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    F16Weights(Tensor t) {
        super(t);
    }

    @Override
    public String format() {
        return DType.F16.name();
    }

    @Override
    void unpack(long first, int count, float[] dst, int dstOffset) {
        // C2 makes vector instructions of this loop.
        for (int i = 0; i < count; i++) {
            short bits = data.get(SHORT, (first + i) * Short.BYTES);
            dst[dstOffset + i] = Float.float16ToFloat(bits);
        }
    }
}
