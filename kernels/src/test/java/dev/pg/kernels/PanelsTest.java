package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights in panels against the rows they were packed from. */
class PanelsTest {
    /** Outputs and inputs: part of a panel, one, some and a part, enough for pairs and a part, all in whole vectors of any width. */
    private static final int[][] SHAPES = {{16, 32}, {32, 96}, {48, 64}, {112, 160}, {96, 3104}, {208, 32}, {800, 64}};

    @BeforeEach
    void vectors() {
        assumeThat(VectorSupport.AVAILABLE).isTrue();
    }

    private static Weights packed(Tensor t, int threads) {
        try (Workers workers = new Workers(threads)) {
            Weights weights = Weights.packed(RandomTensors.shifted(t, 6), workers);
            assertThat(weights).isInstanceOf(Bf16Panels.class);
            return weights;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 40})
    void productsAgreeWithDoubleArithmetic(int tokens) {
        RandomTensors random = new RandomTensors(tokens);
        try (Workers workers = new Workers(2)) {
            MatMul matMul = new MatMul(workers, Gemm.VECTOR);
            for (int[] shape : SHAPES) {
                Tensor a = random.tensor(DType.BF16, shape[0], shape[1]);
                Tensor b = random.tensor(DType.BF16, 64, shape[1]);
                float[] bias = tokens % 2 == 0 ? null : random.floats(shape[0] + 64);
                Matrix x = random.window(tokens, shape[1]);
                Matrix y = random.window(tokens, shape[0] + 64);
                matMul.multiply(x, new Linear(new Weights[] {packed(a, 2), packed(b, 1)}, bias), y);
                for (int t = 0; t < tokens; t++) {
                    assertClose(y, t, 0, x, a.toFloats(), bias);
                    assertClose(y, t, shape[0], x, b.toFloats(), bias);
                }
            }
        }
    }

    private static void assertClose(Matrix y, int token, int column, Matrix x, float[] weights, float[] bias) {
        int cols = x.cols();
        for (int r = 0; r < weights.length / cols; r++) {
            double sum = bias == null ? 0 : bias[column + r];
            for (int k = 0; k < cols; k++) {
                sum += (double) weights[r * cols + k] * x.get(token, k);
            }
            assertThat((double) y.get(token, column + r)).isCloseTo(sum, within(2e-6 + 2.5e-7 * cols));
        }
    }

    /** A token alone, among others, by other threads, and in plain loops. */
    @Test
    void aTokenHasTheSameBitsHoweverItIsMultiplied() {
        RandomTensors random = new RandomTensors(1);
        Linear w = Linear.of(packed(random.tensor(DType.BF16, 176, 480), 3), random.floats(176));
        Matrix x = random.window(16, 480);
        Matrix together = new Matrix(16, 176);
        Matrix alone = new Matrix(16, 176);
        Matrix plain = new Matrix(16, 176);
        try (Workers one = new Workers(1);
                Workers three = new Workers(3)) {
            new MatMul(one, Gemm.VECTOR).multiply(x, w, together);
            MatMul matMul = new MatMul(three, Gemm.VECTOR);
            for (int t = 0; t < 16; t++) {
                matMul.multiply(x.rows(t, 1), w, alone.rows(t, 1));
            }
            WarmUp.setWarm(false);
            try {
                matMul.multiply(x, w, plain);
            } finally {
                WarmUp.setWarm(true);
            }
        }
        assertThat(alone.data()).isEqualTo(together.data());
        assertThat(plain.data()).isEqualTo(together.data());
    }

    /** On any machine, also where pairs are not taken. */
    @Test
    void aPairOfPanelsHasTheBitsOfBoth() {
        RandomTensors random = new RandomTensors(5);
        int rows = Bf16Panels.ROWS;
        Bf16Panels w = (Bf16Panels) packed(random.tensor(DType.BF16, 3 * rows, 96), 1);
        long at = w.panelAt(1);
        long apart = w.panelAt(2) - at;
        float[] x = random.floats(100);
        float[] pair = new float[2 * rows];
        float[] both = new float[2 * rows];
        if (Bf16Panels.VECTORS == 3) {
            PanelPairDots.pair3x1(w.data, at, apart, w.pairs(), 1, x, 4, new int[1], pair, 0);
            PanelDots.dots3x1(w.data, at, w.pairs(), 1, x, 4, both, 0);
            PanelDots.dots3x1(w.data, at + apart, w.pairs(), 1, x, 4, both, rows);
        } else {
            PanelPairDots.pair2x1(w.data, at, apart, w.pairs(), 1, x, 4, pair, 0);
            PanelDots.dots2x1(w.data, at, w.pairs(), 1, x, 4, both, 0);
            PanelDots.dots2x1(w.data, at + apart, w.pairs(), 1, x, 4, both, rows);
        }
        assertThat(pair).isEqualTo(both);
    }

    /** On any machine with 512-bit vectors, also where pairs are not taken. */
    @Test
    void aPairOfPanelsByFourTokensHasTheBitsOfBoth() {
        assumeThat(Bf16Panels.VECTORS).isEqualTo(3);
        RandomTensors random = new RandomTensors(6);
        int rows = Bf16Panels.ROWS;
        Bf16Panels w = (Bf16Panels) packed(random.tensor(DType.BF16, 3 * rows, 96), 1);
        long at = w.panelAt(1);
        long apart = w.panelAt(2) - at;
        float[] x = random.floats(4 * 96 + 4);
        float[] pair = new float[8 * rows];
        float[] both = new float[8 * rows];
        PanelPairDots.pair3x4(w.data, at, at, apart, w.pairs(), 1, x, 4, pair, 0);
        PanelDots.dots3x4(w.data, at, w.pairs(), 1, x, 4, both, 0);
        PanelDots.dots3x4(w.data, at + apart, w.pairs(), 1, x, 4, both, 4 * rows);
        assertThat(pair).isEqualTo(both);
    }

    @Test
    void manyTokensHaveTheBitsOfRows() {
        RandomTensors random = new RandomTensors(2);
        Tensor t = random.tensor(DType.BF16, 208, 672);
        Matrix x = random.window(50, 672);
        Matrix rows = new Matrix(50, 208);
        Matrix panels = new Matrix(50, 208);
        try (Workers workers = new Workers(2)) {
            MatMul matMul = new MatMul(workers, Gemm.VECTOR);
            matMul.multiply(x, Linear.of(Weights.of(t), null), rows);
            matMul.multiply(x, Linear.of(packed(t, 2), null), panels);
        }
        assertThat(panels.data()).isEqualTo(rows.data());
    }

    @Test
    void unpacksAnyBlockExactly() {
        Tensor t = new RandomTensors(3).tensor(DType.BF16, 176, 224);
        Weights rows = Weights.of(t);
        Weights panels = packed(t, 2);
        assertThat(panels.toString()).isEqualTo(rows.toString());
        for (int row : new int[] {0, 1, 16, 48, 95}) {
            for (int rowCount : new int[] {0, 1, 15, 16, 50, 81}) {
                for (int col : new int[] {0, 1, 31, 32, 96}) {
                    for (int colCount : new int[] {0, 1, 31, 32, 33, 64, 128}) {
                        float[] want = new float[3 + 81 * 130];
                        float[] got = want.clone();
                        rows.unpack(row, rowCount, col, colCount, want, 3, 130);
                        panels.unpack(row, rowCount, col, colCount, got, 3, 130);
                        assertThat(got).isEqualTo(want);
                    }
                }
            }
        }
        float[] row = new float[224];
        panels.copyRow(100, row, 0);
        float[] want = new float[224];
        rows.copyRow(100, want, 0);
        assertThat(row).isEqualTo(want);
    }

    /** Every 16-bit pattern there is, NaNs among them. */
    @Test
    void packsEveryBitPattern() {
        short[] bits = new short[1 << 16];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (short) i;
        }
        byte[] bytes = new byte[bits.length * 2];
        MemorySegment.copy(bits, 0, MemorySegment.ofArray(bytes), ValueLayout.JAVA_SHORT_UNALIGNED, 0, bits.length);
        Weights w = packed(new Tensor("all", DType.BF16, new long[] {256, 256}, MemorySegment.ofArray(bytes)), 2);
        float[] out = new float[1 << 16];
        w.unpack(0, 256, 0, 256, out, 0, 256);
        for (int i = 0; i < out.length; i++) {
            assertThat(Float.floatToIntBits(out[i])).isEqualTo(Float.floatToIntBits(Float.intBitsToFloat(i << 16)));
        }
    }

    @Test
    void otherShapesAndTypesStayAsTheyAre() {
        RandomTensors random = new RandomTensors(4);
        try (Workers workers = new Workers(1)) {
            for (Tensor t : new Tensor[] {
                random.tensor(DType.BF16, 17, 32),
                random.tensor(DType.BF16, 16, 33),
                random.tensor(DType.F32, 16, 32),
                random.tensor(DType.F16, 16, 32)
            }) {
                Weights w = Weights.packed(RandomTensors.shifted(t, 0), workers);
                assertThat(w).isNotInstanceOf(Bf16Panels.class);
                float[] out = t.toFloats();
                w.unpack(0, w.rows(), 0, w.cols(), out, 0, w.cols());
                assertThat(out).isEqualTo(t.toFloats());
            }
        }
    }
}
