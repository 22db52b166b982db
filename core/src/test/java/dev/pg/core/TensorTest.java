package dev.pg.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class TensorTest {
    private static final int ALL_16_BIT = 1 << 16;

    /** IEEE 754 binary16, from its definition: 5 exponent bits with bias 15, 10 fraction bits. */
    @Test
    void everyHalfIsWidenedExactly() {
        assertWidened(DType.F16, 5, 10);
    }

    /** bfloat16: 8 exponent bits with bias 127, 7 fraction bits. */
    @Test
    void everyBfloat16IsWidenedExactly() {
        assertWidened(DType.BF16, 8, 7);
    }

    private static void assertWidened(DType dtype, int exponentBits, int fractionBits) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * ALL_16_BIT).order(ByteOrder.LITTLE_ENDIAN);
        for (int bits = 0; bits < ALL_16_BIT; bits++) {
            bytes.putShort((short) bits);
        }
        float[] floats =
                new Tensor("x", dtype, new long[] {ALL_16_BIT}, MemorySegment.ofArray(bytes.array())).toFloats();
        for (int bits = 0; bits < ALL_16_BIT; bits++) {
            // As bits, so that NaN equals NaN and 0 differs from -0.
            long expected = Double.doubleToLongBits(value(bits, exponentBits, fractionBits));
            assertThat(Double.doubleToLongBits(floats[bits]))
                    .as("bits %04x", bits)
                    .isEqualTo(expected);
        }
    }

    private static double value(int bits, int exponentBits, int fractionBits) {
        double sign = bits >>> 15 == 0 ? 1 : -1;
        int exponent = (bits >>> fractionBits) & ((1 << exponentBits) - 1);
        int bias = (1 << (exponentBits - 1)) - 1;
        double fraction = (bits & ((1 << fractionBits) - 1)) / (double) (1 << fractionBits);
        if (exponent == (1 << exponentBits) - 1) {
            return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
        }
        return exponent == 0
                ? sign * fraction * Math.pow(2, 1 - bias)
                : sign * (1 + fraction) * Math.pow(2, exponent - bias);
    }

    @Test
    void whatGoesInComesOutBitByBit() {
        Random random = new Random(3);
        for (int round = 0; round < 200; round++) {
            int rows = random.nextInt(5);
            int cols = random.nextInt(9);
            float[] floats = new float[rows * cols];
            long[] longs = new long[rows * cols];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = Float.intBitsToFloat(random.nextInt());
                longs[i] = random.nextLong();
            }
            Tensor tensor = Tensor.ofFloats("f", floats, rows, cols);
            assertThat(bits(tensor.toFloats())).isEqualTo(bits(floats));
            assertThat(tensor.elements()).isEqualTo(floats.length);
            assertThat(Tensor.ofLongs("l", longs, rows, cols).toLongs()).isEqualTo(longs);
        }
    }

    private static int[] bits(float[] floats) {
        int[] bits = new int[floats.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(floats[i]));
        return bits;
    }

    @Test
    void doublesAreRounded() {
        double[] values = {1.0, 0.1, -1e300, 1e-300, Math.PI};
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(values).forEach(bytes::putDouble);
        Tensor tensor = new Tensor("d", DType.F64, new long[] {5}, MemorySegment.ofArray(bytes.array()));
        assertThat(tensor.toFloats()).containsExactly(1f, 0.1f, Float.NEGATIVE_INFINITY, 0f, (float) Math.PI);
    }

    /** Little-endian bytes mean the same at every address. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F16", "BF16", "F32", "F64"})
    void theOffsetOfTheDataDoesNotMatter(DType dtype) {
        byte[] bytes = new byte[6 * dtype.bytes()];
        new Random(5).nextBytes(bytes);
        long[] shape = {6};
        float[] expected = new Tensor("x", dtype, shape, MemorySegment.ofArray(bytes)).toFloats();
        try (Arena arena = Arena.ofConfined()) {
            for (int offset = 0; offset < 16; offset++) {
                MemorySegment data = arena.allocate(offset + bytes.length).asSlice(offset);
                MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
                assertThat(bits(new Tensor("x", dtype, shape, data).toFloats())).isEqualTo(bits(expected));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            mode = Mode.EXCLUDE,
            names = {"F16", "BF16", "F32", "F64"})
    void onlyFloatTypesHaveFloats(DType dtype) {
        Tensor tensor = new Tensor("x", dtype, new long[] {1}, MemorySegment.ofArray(new byte[dtype.bytes()]));
        assertThatThrownBy(tensor::toFloats)
                .isInstanceOf(PgException.class)
                .hasMessageContaining("is not a float tensor");
    }

    @Test
    void onlyInt64HasLongs() {
        Tensor tensor = Tensor.ofFloats("x", new float[2], 2);
        assertThatThrownBy(tensor::toLongs)
                .isInstanceOf(PgException.class)
                .hasMessageContaining("is not an int64 tensor");
    }

    @Test
    void theDataMustFitTheShape() {
        for (long[] shape :
                new long[][] {{2}, {3, 1, 2}, {}, {0}, {-1, -3}, {Long.MAX_VALUE, Long.MAX_VALUE}, {1L << 62}}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Tensor("x", DType.F32, shape, MemorySegment.ofArray(new byte[12])));
        }
    }

    @Test
    void aTensorKeepsNoHoldOnItsArguments() {
        float[] values = {1, 2};
        long[] shape = {2};
        Tensor tensor = Tensor.ofFloats("x", values, shape);
        values[0] = 9;
        shape[0] = 9;
        tensor.shape()[0] = 9;
        assertThat(tensor.toFloats()).containsExactly(1, 2);
        assertThat(tensor.shape()).containsExactly(2);
        assertThat(tensor.dim(0)).isEqualTo(2);
    }

    @Test
    void aTensorShowsItsNameTypeAndShape() {
        assertThat(Tensor.ofFloats("norm.weight", new float[6], 2, 3)).hasToString("\"norm.weight\" F32 [2, 3]");
        assertThat(Tensor.ofBytes("b", new byte[1], 1).withName("c")).hasToString("\"c\" U8 [1]");
    }
}
