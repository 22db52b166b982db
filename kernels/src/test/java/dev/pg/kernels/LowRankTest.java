package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Updates beside the weights, and added to them, against sums in double precision. */
class LowRankTest {
    private static final int COLS = 133;
    private static final float SCALE = 1.75f;

    private final RandomTensors random = new RandomTensors(5);

    /** A layer's weights, and what its updates make of them, in double precision. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Adapted(Linear layer, List<LowRank> updates, double[][] weights) {}

    private Adapted adapted(DType dtype, int rows, int... ranks) {
        Tensor w = random.tensor(dtype, rows, COLS);
        double[][] sum = new double[rows][COLS];
        float[] base = w.toFloats();
        for (int i = 0; i < base.length; i++) {
            sum[i / COLS][i % COLS] = base[i];
        }
        List<LowRank> updates = new ArrayList<>();
        for (int rank : ranks) {
            Tensor a = random.tensor(dtype, rank, COLS);
            Tensor b = random.tensor(dtype, rows, rank);
            updates.add(LowRank.of(a, b, SCALE));
            addProduct(sum, a.toFloats(), b.toFloats(), rank);
        }
        return new Adapted(Linear.of(Weights.of(w), random.floats(rows)).with(updates), updates, sum);
    }

    private static void addProduct(double[][] sum, float[] a, float[] b, int rank) {
        for (int i = 0; i < sum.length; i++) {
            for (int r = 0; r < rank; r++) {
                for (int k = 0; k < COLS; k++) {
                    sum[i][k] += (double) SCALE * b[i * rank + r] * a[r * COLS + k];
                }
            }
        }
    }

    private static Matrix product(Matrix x, Linear w, int threads) {
        try (Workers workers = new Workers(threads)) {
            Matrix y = new Matrix(x.rows(), w.rows());
            new MatMul(workers, Gemm.best()).multiply(x, w, y);
            return y;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 130})
    void addsTheProductOfBothFactors(int tokens) {
        for (DType dtype : new DType[] {DType.F32, DType.BF16}) {
            Adapted q = adapted(dtype, 1030, 16, 9);
            Adapted k = adapted(dtype, 20);
            Adapted v = adapted(dtype, 7, 3, 1, 5);
            Linear joined = Linear.join(q.layer, k.layer, v.layer);
            Matrix x = random.window(tokens, COLS);
            Matrix y = product(x, joined, 2);
            int column = 0;
            for (Adapted part : List.of(q, k, v)) {
                for (int row = 0; row < part.weights.length; row++, column++) {
                    for (int t = 0; t < tokens; t++) {
                        double sum = joined.bias(column);
                        for (int i = 0; i < COLS; i++) {
                            sum += part.weights[row][i] * x.get(t, i);
                        }
                        assertThat((double) y.get(t, column)).isCloseTo(sum, within(2e-3));
                    }
                }
            }
            assertThat(product(x, joined, 3).toArray()).isEqualTo(y.toArray());
        }
    }

    @Test
    void sharesTheWeightsWithTheLayerItComesFrom() {
        Linear base = Linear.of(Weights.of(random.tensor(DType.F32, 9, COLS)), null);
        LowRank update = LowRank.of(random.tensor(DType.F32, 4, COLS), random.tensor(DType.F32, 9, 4), 1);
        Matrix x = random.window(2, COLS);
        float[] before = product(x, base, 1).toArray();
        Linear updated = base.with(List.of(update));
        assertThat(updated.part(0)).isSameAs(base.part(0));
        assertThat(product(x, updated, 1).toArray()).isNotEqualTo(before);
        assertThat(product(x, base, 1).toArray()).isEqualTo(before);
    }

    @Test
    void addsItselfToRowsOfWeights() {
        Adapted layer = adapted(DType.F32, 21, 6);
        float[] rows = new float[4 + 5 * COLS];
        for (int i = 0; i < 5; i++) {
            layer.layer.part(0).copyRow(11 + i, rows, 4 + i * COLS);
        }
        layer.updates.getFirst().addRows(11, 5, rows, 4);
        for (int i = 0; i < 5 * COLS; i++) {
            assertThat((double) rows[4 + i]).isCloseTo(layer.weights[11 + i / COLS][i % COLS], within(2e-5));
        }
    }

    @Test
    void mergesIntoACopy() {
        Adapted layer = adapted(DType.BF16, 131, 6, 2);
        Weights base = layer.layer.part(0);
        try (Workers workers = new Workers(2);
                Arena arena = Arena.ofShared()) {
            Weights merged = LowRank.merge(base, layer.updates, workers, arena);
            float[] row = new float[COLS];
            for (int r = 0; r < merged.rows(); r++) {
                merged.copyRow(r, row, 0);
                for (int i = 0; i < COLS; i++) {
                    assertThat((double) row[i]).isCloseTo(layer.weights[r][i], within(3e-5));
                }
            }
        }
    }

    @Test
    void refusesFactorsThatDoNotFit() {
        Tensor a = random.tensor(DType.F32, 4, COLS);
        Tensor wrong = random.tensor(DType.F32, 9, 3);
        assertThatThrownBy(() -> LowRank.of(a, wrong, 1))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("[9, 3]");
        Linear base = Linear.of(Weights.of(random.tensor(DType.F32, 9, COLS)), null);
        LowRank taller = LowRank.of(a, random.tensor(DType.F32, 10, 4), 1);
        assertThatThrownBy(() -> base.with(List.of(taller))).isInstanceOf(IllegalArgumentException.class);
    }
}
