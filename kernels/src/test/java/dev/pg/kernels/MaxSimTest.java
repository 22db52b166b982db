package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.DType;
import dev.pg.core.Workers;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Scores of late interaction against sums in double precision. */
class MaxSimTest {
    private static Matrix unit(int seed, int rows, int cols) {
        Matrix m = RandomFloats.matrix(seed, rows, cols);
        for (int r = 0; r < rows; r++) {
            double squares = 0;
            for (int c = 0; c < cols; c++) {
                squares += m.get(r, c) * m.get(r, c);
            }
            for (int c = 0; c < cols; c++) {
                m.data()[m.at(r) + c] /= (float) Math.sqrt(squares);
            }
        }
        return m;
    }

    /** Numbers of every size that float16 has, below its smallest normal one too, and zeros. */
    private static Matrix withTinyOnes(Matrix page) {
        for (int r = 0; r < page.rows(); r++) {
            for (int c = 0; c < page.cols(); c += 3) {
                page.data()[page.at(r) + c] *= Math.scalb(1f, -(c % 30));
            }
        }
        return page;
    }

    private static double score(Matrix query, Matrix page) {
        double sum = 0;
        for (int q = 0; q < query.rows(); q++) {
            double most = Double.NEGATIVE_INFINITY;
            for (int p = 0; p < page.rows(); p++) {
                double dot = 0;
                for (int k = 0; k < query.cols(); k++) {
                    dot += (double) query.get(q, k) * page.get(p, k);
                }
                most = Math.max(most, dot);
            }
            sum += most;
        }
        return sum;
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "I8"})
    void isTheSumOfTheLargestProducts(DType dtype) {
        // Half a unit in the last place of a component near 1, and its sum over a vector.
        double each = switch (dtype) {
            case F32 -> 1e-6;
            case F16 -> 1e-3;
            default -> 2e-2;
        };
        for (int dim : new int[] {1, 31, 64, 128, 130}) {
            for (int vectors : new int[] {1, 3, 4, 11, 17, 20, 36, 45}) {
                Matrix query = unit(vectors, vectors, dim);
                List<Matrix> pages = new ArrayList<>();
                for (int rows : new int[] {1, 15, 16, 17, 80}) {
                    pages.add(unit(100 + rows, rows, dim));
                }
                List<PageVectors> stored =
                        pages.stream().map(page -> PageVectors.of(page, dtype)).toList();
                try (Workers workers = new Workers(2)) {
                    float[] scores = new MaxSim(workers).scores(query, stored);
                    for (int i = 0; i < scores.length; i++) {
                        assertThat((double) scores[i]).isCloseTo(score(query, pages.get(i)), within(each * vectors));
                    }
                }
            }
        }
    }

    /** Interpreter and compiler, one thread and several, and the plain twin give the same bits. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "F16"})
    void bitsAreTheSameEverywhere(DType dtype) {
        Matrix query = unit(1, 23, 128);
        List<PageVectors> pages = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            pages.add(PageVectors.of(withTinyOnes(unit(50 + i, 30 + i, 128)), dtype));
        }
        float[] cold;
        try (Workers one = new Workers(1)) {
            cold = new MaxSim(one).scores(query, pages);
        }
        try (Workers three = new Workers(3)) {
            MaxSim maxSim = new MaxSim(three);
            for (int i = 0; i < 100; i++) {
                assertThat(maxSim.scores(query, pages)).isEqualTo(cold);
            }
        }
        for (int p = 0; p < pages.size(); p++) {
            float sum = 0;
            for (int q = 0; q < 23; q++) {
                float most = Float.NEGATIVE_INFINITY;
                Matrix page = withTinyOnes(unit(50 + p, 30 + p, 128));
                for (int v = 0; v < page.rows(); v++) {
                    float dot = 0;
                    for (int k = 0; k < 128; k++) {
                        float stored = page.get(v, k);
                        if (dtype == DType.F16) {
                            stored = Float.float16ToFloat(Float.floatToFloat16(stored));
                        }
                        dot = Math.fma(query.get(q, k), stored, dot);
                    }
                    most = Math.max(most, dot);
                }
                sum += most;
            }
            assertThat(cold[p]).isEqualTo(sum);
        }
    }

    @Test
    void storesInTheFormatAsked() {
        Matrix page = unit(1, 1030, 128);
        int padded = Math.ceilDiv(1030, PageVectors.BLOCK) * PageVectors.BLOCK;
        assertThat(padded).isLessThanOrEqualTo(1056);
        assertThat(PageVectors.of(page, DType.F32).bytes()).isEqualTo(padded * 128L * 4);
        assertThat(PageVectors.of(page, DType.F16).bytes()).isEqualTo(padded * 128L * 2);
        assertThat(PageVectors.of(page, DType.I8).bytes()).isEqualTo(padded * (128L + 4));
    }

    @Test
    void aVectorOfZerosIsOne() {
        PageVectors page = PageVectors.of(new Matrix(3, 8), DType.I8);
        try (Workers workers = new Workers(1)) {
            assertThat(new MaxSim(workers).scores(unit(1, 2, 8), List.of(page))).containsExactly(0);
        }
    }

    @Test
    void refusesWhatCannotBeCompared() {
        try (Workers workers = new Workers(1)) {
            MaxSim maxSim = new MaxSim(workers);
            List<PageVectors> pages = List.of(PageVectors.of(unit(1, 2, 9), DType.F32));
            assertThatThrownBy(() -> maxSim.scores(unit(1, 2, 8), pages)).hasMessageContaining("dim 9");
            for (float component : new float[] {Float.NaN, -20_000}) {
                Matrix query = unit(1, 2, 9);
                query.data()[query.at(1) + 3] = component;
                assertThatThrownBy(() -> maxSim.scores(query, pages)).hasMessageContaining("" + component);
            }
        }
        assertThatThrownBy(() -> PageVectors.of(unit(1, 2, 8), DType.BF16)).hasMessageContaining("BF16");
        assertThatThrownBy(() -> PageVectors.of(new Matrix(0, 8), DType.F32)).hasMessageContaining("at least one");
    }
}
