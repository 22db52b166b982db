package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class MatMulTest {
    private static final DType[] FORMATS = {DType.F32, DType.F16, DType.BF16};
    private static final int[] ROWS = {1, 2, 3, 5, 8, 9, 16, 17, 33, 50, 63, 65, 130};

    static List<Gemm> backends() {
        return Arrays.stream(Gemm.values()).filter(Gemm::available).toList();
    }

    /** The oracle: sums in double over the floats that the weights stand for. */
    private static double[][] expected(Matrix x, List<Tensor> parts, float[] bias) {
        List<float[]> rows = new ArrayList<>();
        for (Tensor part : parts) {
            float[] all = part.toFloats();
            for (int r = 0; r < part.dim(0); r++) {
                rows.add(Arrays.copyOfRange(all, r * x.cols(), (r + 1) * x.cols()));
            }
        }
        double[][] y = new double[x.rows()][rows.size()];
        for (int t = 0; t < x.rows(); t++) {
            for (int r = 0; r < rows.size(); r++) {
                double sum = bias == null ? 0 : bias[r];
                for (int k = 0; k < x.cols(); k++) {
                    sum += (double) x.get(t, k) * rows.get(r)[k];
                }
                y[t][r] = sum;
            }
        }
        return y;
    }

    private static Linear linear(List<Tensor> parts, float[] bias) {
        return new Linear(parts.stream().map(Weights::of).toArray(Weights[]::new), bias);
    }

    private static void assertClose(Matrix y, double[][] expected, int terms) {
        for (int t = 0; t < y.rows(); t++) {
            for (int r = 0; r < y.cols(); r++) {
                // The partial sums grow as the root of the terms, and so do their roundings add up.
                double tolerance = 2e-6 + 2.5e-7 * terms;
                assertThat((double) y.get(t, r)).as("y[%d, %d]", t, r).isCloseTo(expected[t][r], within(tolerance));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void agreesWithDoubleArithmeticForOddShapes(Gemm gemm) {
        RandomTensors random = new RandomTensors(1);
        try (Workers workers = new Workers(2)) {
            MatMul matMul = new MatMul(workers, gemm);
            for (DType dtype : FORMATS) {
                for (int tokens : ROWS) {
                    for (int[] shape : new int[][] {
                        {1, 1}, {3, 7}, {7, 17}, {17, 63}, {25, 64}, {64, 65}, {65, 31}, {100, 517}, {31, 3105}
                    }) {
                        Tensor w = random.tensor(dtype, shape[0], shape[1]);
                        float[] bias = tokens % 2 == 0 ? null : random.floats(shape[0]);
                        Matrix x = random.window(tokens, shape[1]);
                        Matrix y = random.window(tokens, shape[0]);
                        matMul.multiply(x, linear(List.of(w), bias), y);
                        assertClose(y, expected(x, List.of(w), bias), shape[1]);
                    }
                }
            }
        }
    }

    /** Parts of several formats and odd heights, unaligned in memory; nothing beside the window of y is touched. */
    @ParameterizedTest
    @MethodSource("backends")
    void multipliesSeveralPartsAtOnce(Gemm gemm) {
        RandomTensors random = new RandomTensors(2);
        int cols = 301;
        List<Tensor> parts = List.of(
                RandomTensors.shifted(random.tensor(DType.BF16, 33, cols), 2),
                RandomTensors.shifted(random.tensor(DType.F32, 1, cols), 1),
                RandomTensors.shifted(random.tensor(DType.F16, 18, cols), 6));
        float[] bias = random.floats(52);
        try (Workers workers = new Workers(2)) {
            MatMul matMul = new MatMul(workers, gemm);
            for (int tokens : ROWS) {
                Matrix x = random.window(tokens, cols);
                Matrix wide = new Matrix(tokens, 60);
                Arrays.fill(wide.data(), 42);
                Matrix y = wide.columns(4, 52);
                matMul.multiply(x, linear(parts, bias), y);
                assertClose(y, expected(x, parts, bias), cols);
                for (int t = 0; t < tokens; t++) {
                    for (int c = 0; c < 60; c++) {
                        if (c < 4 || c >= 56) {
                            assertThat(wide.get(t, c)).isEqualTo(42);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void bitsDoNotDependOnThreads(Gemm gemm) {
        for (DType dtype : FORMATS) {
            for (int tokens : new int[] {1, 6, 16, 70, 300}) {
                float[][] results = new float[4][];
                int[] threads = {1, 2, 3, 5};
                for (int i = 0; i < threads.length; i++) {
                    RandomTensors random = new RandomTensors(7);
                    try (Workers workers = new Workers(threads[i])) {
                        results[i] = product(random, new MatMul(workers, gemm), dtype, tokens);
                    }
                    assertThat(results[i]).isEqualTo(results[0]);
                }
            }
        }
    }

    private static float[] product(RandomTensors random, MatMul matMul, DType dtype, int tokens) {
        Linear w = linear(List.of(random.tensor(dtype, 131, 533), random.tensor(dtype, 20, 533)), random.floats(151));
        Matrix y = new Matrix(tokens, 151);
        matMul.multiply(random.window(tokens, 533), w, y);
        return y.toArray();
    }

    /** The interpreter, the first and the last compiler must give the same bits. */
    @ParameterizedTest
    @MethodSource("backends")
    void bitsDoNotDependOnWarmth(Gemm gemm) {
        RandomTensors random = new RandomTensors(9);
        try (Workers workers = new Workers(1)) {
            MatMul matMul = new MatMul(workers, gemm);
            for (DType dtype : FORMATS) {
                for (int tokens : new int[] {1, 7, 40}) {
                    Linear w = linear(List.of(random.tensor(dtype, 50, 300)), random.floats(50));
                    Matrix x = random.window(tokens, 300);
                    Matrix y = new Matrix(tokens, 50);
                    matMul.multiply(x, w, y);
                    float[] cold = y.toArray();
                    for (int i = 0; i < 400; i++) {
                        matMul.multiply(x, w, y);
                    }
                    assertThat(y.toArray()).isEqualTo(cold);
                }
            }
        }
    }

    /** OpenBLAS has other kernels for the edges of a block. */
    static List<Gemm> ownBackends() {
        return backends().stream().filter(gemm -> gemm != Gemm.OPENBLAS).toList();
    }

    /** A row of x gives the same bits wherever it stands among the others, and equal rows of weights give equal outputs. */
    @ParameterizedTest
    @MethodSource("ownBackends")
    void bitsDoNotDependOnThePlace(Gemm gemm) {
        RandomTensors random = new RandomTensors(11);
        try (Workers workers = new Workers(2)) {
            MatMul matMul = new MatMul(workers, gemm);
            for (DType dtype : FORMATS) {
                for (int tokens : new int[] {1, 3, 11, 16, 59, 260}) {
                    int cols = 333;
                    float[] weightRow = random.floats(cols);
                    float[] all = new float[77 * cols];
                    for (int r = 0; r < 77; r++) {
                        System.arraycopy(weightRow, 0, all, r * cols, cols);
                    }
                    Matrix x = random.window(tokens, cols);
                    for (int t = 1; t < tokens; t++) {
                        System.arraycopy(x.data(), x.at(0), x.data(), x.at(t), cols);
                    }
                    Matrix y = new Matrix(tokens, 77);
                    matMul.multiply(x, linear(List.of(RandomTensors.tensor(dtype, all, 77, cols)), null), y);
                    for (float element : y.toArray()) {
                        assertThat(element).isEqualTo(y.get(0, 0));
                    }
                }
            }
        }
    }

    /** What is no number stays in its row and column. */
    @ParameterizedTest
    @MethodSource("backends")
    void notANumberAndInfinityPropagate(Gemm gemm) {
        int rows = 29;
        int cols = 70;
        for (DType dtype : FORMATS) {
            for (int tokens : new int[] {1, 2, 13, 21, 90}) {
                RandomTensors random = new RandomTensors(13);
                float[] weights = random.floats(rows * cols);
                weights[5 * cols + 69] = Float.NaN;
                weights[6 * cols] = Float.POSITIVE_INFINITY;
                Matrix x = random.window(tokens, cols);
                int bad = tokens - 1;
                if (tokens > 1) {
                    x.data()[x.at(bad) + 33] = Float.NaN;
                }
                Matrix y = new Matrix(tokens, rows);
                try (Workers workers = new Workers(1)) {
                    MatMul matMul = new MatMul(workers, gemm);
                    matMul.multiply(x, linear(List.of(RandomTensors.tensor(dtype, weights, rows, cols)), null), y);
                }
                for (int t = 0; t < tokens; t++) {
                    for (int r = 0; r < rows; r++) {
                        boolean nan = r == 5 || (tokens > 1 && t == bad);
                        assertThat(Float.isNaN(y.get(t, r))).isEqualTo(nan);
                        assertThat(Float.isInfinite(y.get(t, r))).isEqualTo(!nan && r == 6);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void allocatesNothingInSteadyState(Gemm gemm) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        assumeThat(threads.isThreadAllocatedMemorySupported()).isTrue();
        RandomTensors random = new RandomTensors(17);
        try (Workers workers = new Workers(1)) {
            MatMul matMul = new MatMul(workers, gemm);
            for (DType dtype : FORMATS) {
                for (int tokens : new int[] {1, 5, 16, 40}) {
                    Linear w = linear(List.of(random.tensor(dtype, 60, 270)), null);
                    Matrix x = random.window(tokens, 270);
                    Matrix y = new Matrix(tokens, 60);
                    long leastBytes = Long.MAX_VALUE;
                    for (int i = 0; i < 400 && leastBytes > 0; i++) {
                        long before = threads.getCurrentThreadAllocatedBytes();
                        for (int j = 0; j < 200; j++) {
                            matMul.multiply(x, w, y);
                        }
                        leastBytes = Math.min(leastBytes, threads.getCurrentThreadAllocatedBytes() - before);
                    }
                    assertThat(leastBytes).as("%s, %d rows", dtype, tokens).isZero();
                }
            }
        }
    }

    /** On any machine, also where neighbouring rows are taken together. */
    @Test
    void rowsFarFromEachOtherHaveTheBitsOfNeighbours() {
        assumeThat(VectorSupport.AVAILABLE).isTrue();
        int lanes = VectorSupport.LANES;
        int cols = 7 * lanes;
        RandomTensors random = new RandomTensors(9);
        Tensor w = random.tensor(DType.BF16, 24, cols);
        float[] x = random.floats(cols + 3);
        float[] near = new float[24 * lanes];
        float[] far = new float[24 * lanes];
        for (int r = 0; r < 24; r += 12) {
            Bf16Dots.dots12x1(w.data(), r * 2L * cols, 2L * cols, cols, x, 3, near, r * lanes);
        }
        for (int r = 0; r < 3; r++) {
            Bf16Dots.dots8x1(w.data(), r * 2L * cols, 6L * cols, cols, x, 3, far, r * lanes, 3 * lanes);
        }
        assertThat(far).isEqualTo(near);
    }

    /** Its library comes with the test dependencies, so that it cannot go untested unseen. */
    @Test
    @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
    void openBlasIsTested() {
        assertThat(backends()).contains(Gemm.OPENBLAS);
    }

    @ParameterizedTest
    @EnumSource(Gemm.class)
    void isChosenByName(Gemm gemm) {
        assumeThat(gemm.available()).isTrue();
        assertThat(Gemm.parse(gemm.name().toLowerCase(java.util.Locale.ROOT))).isEqualTo(gemm);
    }

    @Test
    void anUnknownNameListsTheKnown() {
        assertThatThrownBy(() -> Gemm.parse("cuda"))
                .hasMessageContaining("cuda")
                .hasMessageContaining("scalar");
    }

    @Test
    void refusesShapesThatDoNotFit() {
        try (Workers workers = new Workers(1)) {
            MatMul matMul = new MatMul(workers, Gemm.best());
            Linear w = Linear.of(Weights.of(Tensor.ofFloats("w", new float[6], 2, 3)), null);
            assertThatThrownBy(() -> matMul.multiply(new Matrix(4, 3), w, new Matrix(4, 3)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("[4 x 3]");
            matMul.multiply(new Matrix(0, 3), w, new Matrix(0, 2));
        }
    }

    @Test
    void partsOfOneLayerHaveTheSameInputs() {
        Weights a = Weights.of(Tensor.ofFloats("a", new float[6], 2, 3));
        Weights b = Weights.of(Tensor.ofFloats("b", new float[8], 2, 4));
        assertThatThrownBy(() -> new Linear(new Weights[] {a, b}, null)).hasMessageContaining("\"b\" F32 [2, 4]");
        assertThatThrownBy(() -> Linear.of(a, new float[3])).isInstanceOf(IllegalArgumentException.class);
    }
}
