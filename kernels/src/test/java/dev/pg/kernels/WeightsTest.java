package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsTest {
    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void unpacksAnyBlockExactly(DType dtype) {
        int rows = 23;
        int cols = 211;
        RandomTensors random = new RandomTensors(3);
        Tensor t = random.tensor(dtype, rows, cols);
        float[] all = t.toFloats();
        Weights w = Weights.of(t);
        assertThat(w.format()).isEqualTo(dtype.name());
        for (int col : new int[] {0, 1, 8, 63}) {
            for (int count : new int[] {0, 1, 3, 7, 8, 9, 16, 31, 64, 65, 100, 148}) {
                for (int rowCount : new int[] {2, 8, 19}) {
                    float[] dst = new float[3 + rowCount * 150];
                    w.unpack(2, rowCount, col, count, dst, 3, 150);
                    float[] expected = new float[dst.length];
                    for (int r = 0; r < rowCount; r++) {
                        System.arraycopy(all, (2 + r) * cols + col, expected, 3 + r * 150, count);
                    }
                    assertThat(dst).isEqualTo(expected);
                }
            }
        }
        float[] row = new float[cols + 1];
        w.copyRow(4, row, 1);
        for (int c = 0; c < cols; c++) {
            assertThat(row[1 + c]).isEqualTo(all[4 * cols + c]);
        }
    }

    /** Every 16-bit pattern there is: subnormals, infinities, and NaNs stay NaNs. */
    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void unpacksEveryBitPattern(DType dtype) {
        short[] bits = new short[1 << 16];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (short) i;
        }
        byte[] bytes = new byte[bits.length * 2];
        MemorySegment.copy(bits, 0, MemorySegment.ofArray(bytes), ValueLayout.JAVA_SHORT_UNALIGNED, 0, bits.length);
        Weights w = Weights.of(new Tensor("all", dtype, new long[] {256, 256}, MemorySegment.ofArray(bytes)));
        float[] out = new float[1 << 16];
        w.unpack(0, 256, 0, 256, out, 0, 256);
        for (int i = 0; i < out.length; i++) {
            float expected = dtype == DType.F16 ? Float.float16ToFloat((short) i) : Float.intBitsToFloat(i << 16);
            assertThat(Float.floatToIntBits(out[i])).isEqualTo(Float.floatToIntBits(expected));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 6, 30})
    void readsAtAnyByteOffset(long offset) {
        for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16}) {
            Tensor t = new RandomTensors(offset).tensor(dtype, 3, 37);
            float[] out = new float[3 * 37];
            Weights.of(RandomTensors.shifted(t, offset)).unpack(0, 3, 0, 37, out, 0, 37);
            assertThat(out).isEqualTo(t.toFloats());
        }
    }

    @Test
    void aConvolutionKernelIsAMatrix() {
        Weights w = Weights.of(Tensor.ofFloats("conv", new float[2 * 3 * 4 * 5], 2, 3, 4, 5));
        assertThat(w.rows()).isEqualTo(2);
        assertThat(w.cols()).isEqualTo(60);
    }

    @Test
    void refusesWhatIsNoFloatMatrix() {
        assertThatThrownBy(() -> Weights.of(Tensor.ofFloats("v", new float[3], 3)))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("\"v\" F32 [3]");
        assertThatThrownBy(() -> Weights.of(Tensor.ofLongs("ids", new long[4], 2, 2)))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("\"ids\" I64 [2, 2]");
    }

    @Test
    void refusesBlocksOutside() {
        Weights w = Weights.of(Tensor.ofFloats("w", new float[6], 2, 3));
        float[] dst = new float[6];
        assertThatThrownBy(() -> w.unpack(1, 2, 0, 3, dst, 0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> w.unpack(0, 1, 1, 3, dst, 0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> w.unpack(0, 2, 0, 3, dst, 1, 3)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
