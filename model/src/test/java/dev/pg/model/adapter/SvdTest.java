package dev.pg.model.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Laws of a singular value decomposition, over odd sizes and spoiled ranks. */
class SvdTest {
    private static double[][] columns(int seed, int count, int length) {
        Random random = new Random(seed);
        double[][] out = new double[count][length];
        for (double[] column : out) {
            Arrays.setAll(column, i -> random.nextGaussian());
        }
        return out;
    }

    private static double dot(double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }

    private static double error(double[][] b, double[][] at, Svd svd, int rank) {
        double sum = 0;
        for (int i = 0; i < b[0].length; i++) {
            for (int j = 0; j < at[0].length; j++) {
                double rest = 0;
                for (int r = 0; r < b.length; r++) {
                    rest += b[r][i] * at[r][j];
                }
                for (int r = 0; r < rank; r++) {
                    rest -= svd.u()[r][i] * svd.s()[r] * svd.v()[r][j];
                }
                sum += rest * rest;
            }
        }
        return Math.sqrt(sum);
    }

    private static double tail(double[] s, int rank) {
        return Math.sqrt(Arrays.stream(s, rank, s.length).map(x -> x * x).sum());
    }

    @ParameterizedTest
    @CsvSource({"1, 5, 7", "3, 17, 9", "8, 40, 33", "16, 16, 16", "12, 5, 30", "7, 30, 3"})
    void decomposesProducts(int rank, int m, int n) {
        double[][] b = columns(1, rank, m);
        double[][] at = columns(2, rank, n);
        Svd svd = Svd.exact(b, at);
        assertThat(error(b, at, svd, rank)).isLessThan(1e-12 * svd.s()[0]);
        for (int i = 0; i < rank; i++) {
            assertThat(svd.s()[i]).isLessThanOrEqualTo(i == 0 ? Double.MAX_VALUE : svd.s()[i - 1]);
            for (int j = 0; j <= i; j++) {
                boolean real = svd.s()[i] > 1e-12 * svd.s()[0];
                if (real) {
                    assertThat(dot(svd.u()[i], svd.u()[j])).isCloseTo(i == j ? 1 : 0, within(1e-12));
                    assertThat(dot(svd.v()[i], svd.v()[j])).isCloseTo(i == j ? 1 : 0, within(1e-12));
                }
            }
            // Eckart and Young: what a truncation leaves is the tail of the singular values.
            assertThat(error(b, at, svd, i)).isCloseTo(tail(svd.s(), i), within(1e-11 * svd.s()[0]));
        }
        double all = tail(svd.s(), 0);
        assertThat(Math.sqrt(Svd.energy(b, at))).isCloseTo(all, within(1e-12 * all));
    }

    @Test
    void survivesDependentAndEmptyColumns() {
        double[][] b = columns(3, 6, 20);
        double[][] at = columns(4, 6, 15);
        b[2] = b[1].clone();
        b[4] = new double[20];
        at[5] = at[0].clone();
        Svd svd = Svd.exact(b, at);
        assertThat(error(b, at, svd, 6)).isLessThan(1e-12 * svd.s()[0]);
        assertThat(svd.s()[5]).isLessThan(1e-12 * svd.s()[0]);
        Svd nothing = Svd.exact(new double[3][8], columns(5, 3, 9));
        assertThat(nothing.s()).containsOnly(0);
    }

    @Test
    void aSampleIsNearlyAsGood() {
        double[][] b = columns(6, 40, 90);
        double[][] at = columns(7, 40, 70);
        for (int r = 0; r < 40; r++) {
            double decay = Math.pow(0.85, r);
            for (int i = 0; i < 90; i++) {
                b[r][i] *= decay;
            }
        }
        double best = tail(Svd.exact(b, at).s(), 8);
        Svd sampled = Svd.randomised(b, at, 8, 8, 1, 1);
        assertThat(error(b, at, sampled, 8)).isBetween(best * (1 - 1e-9), best * 1.02);
        assertThat(sampled.s()).hasSize(16);
    }
}
