package dev.pg.kernels;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

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
        int done = VectorSupport.AVAILABLE ? Simd.unpack(data, first * Short.BYTES, count, dst, dstOffset) : 0;
        for (int i = done; i < count; i++) {
            short bits = data.get(SHORT, (first + i) * Short.BYTES);
            dst[dstOffset + i] = Float.intBitsToFloat(bits << 16);
        }
    }

    private static final class Simd {
        /** Widens whole vectors and returns how many elements that were. */
        static int unpack(MemorySegment data, long offset, int count, float[] dst, int dstOffset) {
            int end = Species.FLOAT.loopBound(count);
            for (int i = 0; i < end; i += Species.LANES) {
                ShortVector.fromMemorySegment(Species.SHORT, data, offset + i * 2L, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, Species.INT, 0)
                        .reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, 16)
                        .reinterpretAsFloats()
                        .intoArray(dst, dstOffset + i);
            }
            return end;
        }
    }
}
