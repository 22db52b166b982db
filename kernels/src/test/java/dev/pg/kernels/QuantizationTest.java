package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizationTest {
    private static QuantizedWeights quantize(Quantization format, int threads, int rows, int cols, float[] values) {
        Weights source = Weights.of(Tensor.ofFloats("w", values, rows, cols));
        try (Workers team = new Workers(threads)) {
            Quantizer quantizer = Quantizer.fit(source, format, team);
            return quantizer.encode(Arena.ofAuto().allocate(quantizer.bytes(), 64), team);
        }
    }

    private static float[] draw(int count, ToDoubleFunction<Random> distribution) {
        Random random = new Random(7);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) distribution.applyAsDouble(random);
        }
        return values;
    }

    private static double relativeRms(Quantization format, ToDoubleFunction<Random> distribution) {
        float[] values = draw(256 * 512, distribution);
        Weights original = Weights.of(Tensor.ofFloats("w", values, 256, 512));
        try (Workers team = new Workers(1)) {
            return Quantizer.error(original, quantize(format, 1, 256, 512, values), team)
                    .relativeRms();
        }
    }

    private static double laplace(Random random) {
        return Math.log(1 - random.nextDouble()) * (random.nextBoolean() ? 1 : -1);
    }

    /** Student's t: the fewer degrees of freedom, the heavier the tails. */
    private static double student(Random random, int degrees) {
        double squares = 0;
        for (int i = 0; i < degrees; i++) {
            squares += Math.pow(random.nextGaussian(), 2);
        }
        return random.nextGaussian() / Math.sqrt(squares / degrees);
    }

    @Test
    void theErrorOfEightBitsIsAtMostHalfAPercent() {
        assertThat(relativeRms(Quantization.Q8, Random::nextGaussian)).isBetween(0.003, 0.0045);
        assertThat(relativeRms(Quantization.Q8, QuantizationTest::laplace)).isBetween(0.003, 0.005);
        assertThat(relativeRms(Quantization.Q8, r -> student(r, 5))).isBetween(0.003, 0.005);
    }

    @Test
    void theErrorOfFourBitsIsAtMostEightPercent() {
        assertThat(relativeRms(Quantization.Q4, Random::nextGaussian)).isBetween(0.04, 0.065);
        assertThat(relativeRms(Quantization.Q4, QuantizationTest::laplace)).isBetween(0.04, 0.075);
        assertThat(relativeRms(Quantization.Q4, r -> student(r, 5))).isBetween(0.04, 0.075);
        assertThat(relativeRms(Quantization.Q4, r -> student(r, 4))).isBetween(0.04, 0.08);
    }

    @Test
    void aWeightTakesEightAndAHalfOrFourAndAHalfBits() {
        int weights = Quantization.TILE * Quantization.GROUP;
        assertThat(Quantization.Q8.groupBytes() * 8.0 / weights).isEqualTo(8.5);
        assertThat(Quantization.Q4.groupBytes() * 8.0 / weights).isEqualTo(4.5);
    }

    /** The formula of the format, bit by bit, beside the code that reads it. */
    @ParameterizedTest
    @EnumSource
    void unpacksWhatTheFormatSays(Quantization format) {
        int rows = 130;
        int cols = 283;
        QuantizedWeights w = quantize(format, 1, rows, cols, draw(rows * cols, Random::nextGaussian));
        float[] block = new float[3 + 100 * 90];
        w.unpack(21, 100, 5, 70, block, 3, 90);
        float[] row = new float[cols];
        for (int r = 0; r < rows; r++) {
            w.copyRow(r, row, 0);
            for (int c = 0; c < cols; c++) {
                float expected = expected(w, format, r, c);
                assertThat(row[c]).isEqualTo(expected);
                if (r >= 21 && r < 121 && c >= 5 && c < 75) {
                    assertThat(block[3 + (r - 21) * 90 + c - 5]).isEqualTo(expected);
                }
            }
        }
        assertThat(block[3 + 70]).as("behind a row of the block").isZero();
    }

    /** Blocks that begin and end in the middle of tiles and groups. */
    @ParameterizedTest
    @EnumSource
    void unpacksAnyBlockAsItsRows(Quantization format) {
        int rows = 200;
        int cols = 300;
        QuantizedWeights w = quantize(format, 2, rows, cols, draw(rows * cols, Random::nextGaussian));
        float[] all = new float[rows * cols];
        for (int r = 0; r < rows; r++) {
            w.copyRow(r, all, r * cols);
        }
        for (int row : new int[] {0, 1, 32, 63, 64, 96}) {
            for (int rowCount : new int[] {1, 15, 16, 31, 64, 96}) {
                for (int col : new int[] {0, 1, 16, 112}) {
                    for (int colCount : new int[] {1, 16, 17, 127, 128, 144, 188}) {
                        float[] want = new float[3 + 96 * 190];
                        for (int r = 0; r < rowCount; r++) {
                            System.arraycopy(all, (row + r) * cols + col, want, 3 + r * 190, colCount);
                        }
                        float[] got = new float[want.length];
                        w.unpack(row, rowCount, col, colCount, got, 3, 190);
                        assertThat(got).isEqualTo(want);
                    }
                }
            }
        }
    }

    private static float expected(QuantizedWeights w, Quantization format, int row, int col) {
        int groups = Math.ceilDiv(w.cols(), 16);
        long at = (long) (row / 64 * groups + col / 16) * (64 + 64 * 2 * format.bits());
        int r = row % 64;
        int k = col % 16;
        int code = w.data.get(ValueLayout.JAVA_BYTE, at + r);
        float scale = w.levels()[code & 15];
        int zero = code >> 4;
        if (format == Quantization.Q8) {
            int q = w.data.get(ValueLayout.JAVA_BYTE, at + 64 + (k / 2 * 64 + r) * 2L + k % 2) & 255;
            return scale * (q - 12 * zero - 134);
        }
        int two = w.data.get(ValueLayout.JAVA_BYTE, at + 64 + (k % 8 / 2 * 64 + r) * 2L + k % 2);
        return scale * (3 * (two >>> (k / 8 * 4) & 15) - 2 * zero - 23);
    }

    @ParameterizedTest
    @EnumSource
    void multipliesAsDoubleArithmeticForOddShapes(Quantization format) {
        RandomTensors random = new RandomTensors(1);
        try (Workers workers = new Workers(2)) {
            for (Gemm gemm : MatMulTest.backends()) {
                MatMul matMul = new MatMul(workers, gemm);
                for (int tokens : new int[] {1, 2, 4, 5, 16, 17, 40}) {
                    for (int[] shape : new int[][] {{1, 1}, {3, 7}, {64, 16}, {65, 17}, {100, 517}, {192, 144}}) {
                        boolean rounds = VectorSupport.AVAILABLE && gemm != Gemm.SCALAR && tokens <= FewRows.MAX_TOKENS;
                        check(format, matMul, rounds, random, tokens, shape[0], shape[1]);
                    }
                }
            }
        }
    }

    private static void check(
            Quantization format, MatMul matMul, boolean rounds, RandomTensors random, int tokens, int rows, int cols) {
        QuantizedWeights w = quantize(format, 1, rows, cols, random.floats(rows * cols));
        float[] bias = random.floats(rows);
        Matrix x = random.window(tokens, cols);
        Matrix y = random.window(tokens, rows);
        matMul.multiply(x, Linear.of(w, bias), y);
        double[][] inputs = new double[tokens][cols];
        for (int t = 0; t < tokens; t++) {
            for (int k = 0; k < cols; k++) {
                inputs[t][k] = rounds ? rounded(format, x, t, k) : x.get(t, k);
            }
        }
        float[] row = new float[cols];
        for (int r = 0; r < rows; r++) {
            w.copyRow(r, row, 0);
            for (int t = 0; t < tokens; t++) {
                double sum = bias[r];
                double size = 0;
                for (int k = 0; k < cols; k++) {
                    sum += row[k] * inputs[t][k];
                    size += Math.abs(row[k] * inputs[t][k]);
                }
                assertThat((double) y.get(t, r)).isCloseTo(sum, within(1e-6 + 1e-5 * size));
            }
        }
    }

    /** An input as products with few tokens take it: the nearest multiple of its group's scale. */
    private static double rounded(Quantization format, Matrix x, int token, int k) {
        float[] group = new float[16];
        for (int i = 0; i < Math.min(16, x.cols() - k / 16 * 16); i++) {
            group[i] = Math.abs(x.get(token, k / 16 * 16 + i));
        }
        float largest = 0;
        for (int i = 0; i < 16; i += 2) {
            float two = group[i] + group[i + 1];
            largest = format == Quantization.Q8 ? Math.max(largest, two) : largest + two;
        }
        float limit = format == Quantization.Q8 ? 254 : 854;
        return largest == 0 ? 0 : (double) (largest / limit) * Math.rint(x.get(token, k) * (limit / largest));
    }

    /** The largest sums that 16 bits must hold: extreme weights, and inputs of one size with the same signs or the opposite ones. */
    @ParameterizedTest
    @EnumSource
    void noSumOverflows(Quantization format) {
        float[] values = new float[64 * 64];
        for (int i = 0; i < values.length; i++) {
            values[i] = (((i / 64) >>> (i % 6)) & 1) == 0 ? -1 : 1; // row r has the bits of r as signs
        }
        QuantizedWeights w = quantize(format, 1, 64, 64, values);
        try (Workers workers = new Workers(1)) {
            for (int tokens : new int[] {1, 4, 8}) {
                for (int row : new int[] {0, 1, 21, 42, 63}) {
                    for (int sign : new int[] {1, -1}) {
                        Matrix x = new Matrix(tokens, 64);
                        Matrix y = new Matrix(tokens, 64);
                        for (int i = 0; i < x.data().length; i++) {
                            x.data()[i] = sign * values[row * 64 + i % 64];
                        }
                        new MatMul(workers, Gemm.best()).multiply(x, Linear.of(w, null), y);
                        for (int t = 0; t < tokens; t++) {
                            assertThat((double) y.get(t, row)).isCloseTo(64.0 * sign, within(6.4));
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void notANumberSpreadsAndNothingTinyDoes(Quantization format) {
        QuantizedWeights w = quantize(format, 1, 64, 64, draw(64 * 64, Random::nextGaussian));
        try (Workers workers = new Workers(1)) {
            MatMul matMul = new MatMul(workers, Gemm.best());
            for (int tokens : new int[] {1, 4, 8}) {
                Matrix x = new Matrix(tokens, 64);
                Matrix y = new Matrix(tokens, 64);
                for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                    x.data()[20] = wrong;
                    matMul.multiply(x, Linear.of(w, null), y);
                    for (int r = 0; r < 64; r++) {
                        assertThat(Float.isFinite(y.get(0, r))).isFalse();
                    }
                    for (int i = 64; i < y.data().length; i++) {
                        assertThat(y.data()[i]).as("another token").isZero();
                    }
                }
                Arrays.fill(x.data(), Float.MIN_VALUE);
                matMul.multiply(x, Linear.of(w, null), y);
                for (float value : y.toArray()) {
                    assertThat(Math.abs(value)).isLessThan(1e-40f);
                }
            }
        }
    }

    /** One token, several and any number of threads: the same bits. */
    @ParameterizedTest
    @EnumSource
    void neitherThreadsNorCompanionsChangeABit(Quantization format) {
        RandomTensors random = new RandomTensors(4);
        QuantizedWeights w = quantize(format, 3, 200, 333, random.floats(200 * 333));
        assertThat(bytes(w)).isEqualTo(bytes(quantize(format, 1, 200, 333, new RandomTensors(4).floats(200 * 333))));
        Linear layer = Linear.of(w, null);
        Gemm gemm = Gemm.best();
        try (Workers one = new Workers(1);
                Workers three = new Workers(3)) {
            for (int tokens : new int[] {3, 7}) {
                Matrix x = random.window(tokens, 333);
                Matrix y = new Matrix(tokens, 200);
                new MatMul(three, gemm).multiply(x, layer, y);
                for (int t = 0; t < tokens; t++) {
                    Matrix alone = new Matrix(1, 200);
                    new MatMul(one, gemm).multiply(x.rows(t, 1), layer, alone);
                    assertThat(alone.toArray()).isEqualTo(Arrays.copyOfRange(y.toArray(), t * 200, (t + 1) * 200));
                }
            }
        }
    }

    /** So many tiles that threads take several at once, and then the rest one by one; the first part ends within a run. */
    @ParameterizedTest
    @EnumSource
    void manyTilesMultiplyAsEachByItself(Quantization format) {
        RandomTensors random = new RandomTensors(6);
        int[] rows = {1999, 2400};
        QuantizedWeights[] parts = Arrays.stream(rows)
                .mapToObj(n -> quantize(format, 1, n, 48, random.floats(n * 48)))
                .toArray(QuantizedWeights[]::new);
        Linear both = Linear.join(Linear.of(parts[0], null), Linear.of(parts[1], null));
        for (int threads : new int[] {1, 2, 7}) {
            try (Workers team = new Workers(threads)) {
                MatMul matMul = new MatMul(team, Gemm.best());
                for (int tokens : new int[] {1, 3}) {
                    Matrix x = random.window(tokens, 48);
                    Matrix all = new Matrix(tokens, rows[0] + rows[1]);
                    matMul.multiply(x, both, all);
                    for (int p = 0; p < parts.length; p++) {
                        for (int row = 0; row < rows[p]; row += Quantization.TILE) {
                            int count = Math.min(Quantization.TILE, rows[p] - row);
                            Matrix alone = new Matrix(tokens, count);
                            matMul.multiply(x, Linear.of(tile(parts[p], row, count), null), alone);
                            assertThat(all.columns(p * rows[0] + row, count).toArray())
                                    .as("%d threads, %d tokens, part %d, row %d", threads, tokens, p, row)
                                    .isEqualTo(alone.toArray());
                        }
                    }
                }
            }
        }
    }

    /** On every processor with 512-bit vectors, not only where tokens are multiplied that way. */
    @ParameterizedTest
    @EnumSource
    void aPairOfTilesHasTheBitsOfBoth(Quantization format) {
        assumeThat(VectorSupport.AVAILABLE && VectorSupport.LANES == 16).isTrue();
        RandomTensors random = new RandomTensors(8);
        int tile = Quantization.TILE;
        for (int cols : new int[] {16, 48, 500}) {
            QuantizedWeights w = quantize(format, 1, 2 * tile, cols, random.floats(2 * tile * cols));
            TileTokens tokens = new TileTokens();
            tokens.pack(1, random.window(1, cols), format);
            float[] each = random.floats(2 * tile);
            float[] pair = each.clone();
            long first = w.groupAt(0, 0);
            long second = w.groupAt(1, 0);
            dots(w, first, 0, tokens, each, 0);
            dots(w, second, 0, tokens, each, tile);
            dots(w, first, second - first, tokens, pair, 0);
            assertThat(pair).isEqualTo(each);
        }
    }

    /** Two tiles if they are {@code apart}. */
    private static void dots(QuantizedWeights w, long at, long apart, TileTokens tokens, float[] sums, int so) {
        MemorySegment data = w.data;
        int groups = w.groups();
        int words = w.quantization().words();
        int[] x = tokens.factors();
        int xo = tokens.factorsAt(0, 0);
        float[] scales = tokens.scales();
        int co = tokens.scalesAt(0, 0);
        float[] levels = w.levels();
        int[] whole = new int[1];
        boolean eight = w.quantization() == Quantization.Q8;
        if (eight && apart == 0) {
            Q8Dots.dots4x1(data, at, groups, words, 1, x, xo, scales, co, levels, whole, sums, so);
        } else if (eight) {
            Q8Dots.pair4x1(data, at, apart, groups, words, 1, x, xo, scales, co, levels, whole, sums, so);
        } else if (apart == 0) {
            Q4Dots.dots4x1(data, at, groups, words, 1, x, xo, scales, co, levels, whole, sums, so);
        } else {
            Q4Dots.pair4x1(data, at, apart, groups, words, 1, x, xo, scales, co, levels, whole, sums, so);
        }
    }

    private static Weights tile(QuantizedWeights w, int row, int rows) {
        Quantization format = w.quantization();
        long bytes = w.groups() * (long) format.groupBytes();
        MemorySegment data = w.data.asSlice(row / Quantization.TILE * bytes, bytes);
        Tensor packed = new Tensor("tile", DType.U8, format.packedShape(rows, w.cols()), data);
        return QuantizedWeights.of("tile", rows, w.cols(), format, packed, w.levels());
    }

    private static byte[] bytes(QuantizedWeights w) {
        return w.data.toArray(ValueLayout.JAVA_BYTE);
    }

    /** All zero, one sign only, one outlier among small weights, and very small numbers. */
    @ParameterizedTest
    @EnumSource
    void extremeMatricesStayClose(Quantization format) {
        float[] outlier = draw(64 * 64, r -> r.nextGaussian() * 0.01);
        outlier[777] = 100;
        float[] tiny = draw(64 * 64, r -> r.nextGaussian() * 1e-18);
        for (float[] values : new float[][] {new float[64 * 64], draw(64 * 64, Random::nextDouble), outlier, tiny}) {
            float max = 0;
            for (float value : values) {
                max = Math.max(max, Math.abs(value));
            }
            QuantizedWeights w = quantize(format, 1, 64, 64, values);
            float[] row = new float[64];
            for (int r = 0; r < 64; r++) {
                w.copyRow(r, row, 0);
                for (int c = 0; c < 64; c++) {
                    assertThat((double) row[c]).isCloseTo(values[r * 64 + c], within(max * 0.2));
                }
            }
        }
    }

    @Test
    void refusesWeightsThatAreNoNumbers() {
        float[] values = new float[64 * 64];
        values[100] = Float.NaN;
        assertThatThrownBy(() -> quantize(Quantization.Q4, 1, 64, 64, values))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("\"w\"")
                .hasMessageContaining("NaN");
    }

    @Test
    void refusesBytesOfAnotherLayout() {
        long[] shape = {1, 2, 64 + 64 * 32};
        Tensor packed = new Tensor("w", DType.U8, shape, MemorySegment.ofArray(new byte[2 * (64 + 64 * 32)]));
        assertThatThrownBy(() -> QuantizedWeights.of("w", 64, 64, Quantization.Q8, packed, new float[16]))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("groups of 16")
                .hasMessageContaining("quantise the model again");
        Tensor fitting = new Tensor("w", DType.U8, new long[] {1, 1, 576}, MemorySegment.ofArray(new byte[576]));
        float[] levels = new float[16];
        levels[3] = Float.NaN;
        assertThatThrownBy(() -> QuantizedWeights.of("w", 64, 16, Quantization.Q4, fitting, levels))
                .hasMessageContaining("level");
        assertThatThrownBy(() -> QuantizedWeights.of("w", 64, 16, Quantization.Q4, fitting, new float[3]))
                .hasMessageContaining("levels");
    }
}
