package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pg.core.DType;
import dev.pg.core.Workers;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LastTokensTest {
    private static final int LANES = VectorSupport.LANES;

    /** Several slices, the last one shorter. */
    private static final int INPUTS = 720;

    private final RandomTensors random = new RandomTensors(3);

    @BeforeEach
    void needsVectors() {
        assumeThat(VectorSupport.AVAILABLE).isTrue();
    }

    /** Two parts, whose rows are no multiple of a block or a tile. */
    private Linear weights() {
        Weights large = Weights.of(random.tensor(DType.BF16, 101, INPUTS));
        Weights small = Weights.of(random.tensor(DType.BF16, 7, INPUTS));
        return new Linear(new Weights[] {large, small}, random.floats(108));
    }

    private static Matrix multiply(MatMul.Backend backend, Matrix x, Linear w) {
        Matrix y = new Matrix(x.rows(), w.rows());
        Arrays.fill(y.data(), Float.NaN);
        backend.multiply(x, w, y);
        return y;
    }

    @Test
    void everyElementIsADotProduct() {
        Linear w = weights();
        for (int rest = 0; rest < LANES; rest++) {
            Matrix x = random.window(3 * LANES + rest, INPUTS);
            try (Workers workers = new Workers(2)) {
                Matrix y = multiply(new PackedGemm(workers, Tile.best()), x, w);
                float[] row = new float[INPUTS];
                for (int r = 0; r < w.rows(); r++) {
                    w.part(r < 101 ? 0 : 1).copyRow(r < 101 ? r : r - 101, row, 0);
                    for (int t = 0; t < x.rows(); t++) {
                        double sum = w.bias(r);
                        double size = 1;
                        for (int k = 0; k < INPUTS; k++) {
                            double product = (double) row[k] * x.data()[x.at(t) + k];
                            sum += product;
                            size += Math.abs(product);
                        }
                        assertThat((double) y.data()[y.at(t) + r])
                                .as("token %d of %d, row %d", t, x.rows(), r)
                                .isCloseTo(sum, within(1e-6 * size));
                    }
                }
            }
        }
    }

    @Test
    void theyHaveTheBitsOfFewTokensForAnyNumberOfThreads() {
        assumeThat(LANES).isGreaterThan(4); // else nothing is taken
        Linear w = weights();
        for (int rest = 1; rest <= LANES / 2; rest++) {
            Matrix x = random.window(9 * LANES + rest, INPUTS);
            try (Workers one = new Workers(1);
                    Workers three = new Workers(3)) {
                float[] few = multiply(new FewRows(one), x.rows(x.rows() - LANES, LANES), w)
                        .rows(LANES - rest, rest)
                        .toArray();
                for (Workers workers : List.of(one, three)) {
                    Matrix y = multiply(new PackedGemm(workers, Tile.best()), x, w);
                    assertThat(y.rows(x.rows() - rest, rest).toArray())
                            .as("%d tokens, %d threads", rest, workers.threads())
                            .isEqualTo(few);
                }
            }
        }
    }

    @Test
    void takesWhatFillsHalfAVectorAtMost() {
        LastTokens last = new LastTokens(1);
        assertThat(last.take(4 * LANES, 2 * LANES)).isZero();
        assertThat(last.take(4 * LANES + 1, 2 * LANES)).isEqualTo(LANES > 4 ? 1 : 0);
        assertThat(last.take(4 * LANES + LANES / 2, 2 * LANES)).isEqualTo(LANES > 4 ? LANES / 2 : 0);
        assertThat(last.take(4 * LANES + LANES / 2 + 1, 2 * LANES)).isZero();
        assertThat(last.take(2 * LANES - 1, 2 * LANES))
                .as("less than two vectors")
                .isZero();
        assertThat(last.take(4 * LANES + 1, 2 * LANES + 1))
                .as("inputs behind the last vector")
                .isZero();
    }
}
