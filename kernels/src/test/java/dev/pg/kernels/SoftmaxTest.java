package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SoftmaxTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 15, 16, 17, 33, 100, 1023, 1025, 257_216})
    void isCloseToTheFormulaInDoubleAndSumsToOne(int count) {
        float[] x = RandomFloats.normal(count, count + 4, 5);
        float[] before = x.clone();
        Softmax.apply(x, 3, count);
        double log = logSumExp(before, 3, count);
        double sum = 0;
        for (int i = 3; i < 3 + count; i++) {
            double truth = Math.exp(before[i] - log);
            // x - max is rounded: an exponent of -40 carries 40 times the error of one of -1.
            assertThat((double) x[i]).isEqualTo(truth, within(1e-7 * (5 - Math.log(truth)) * truth));
            sum += x[i];
        }
        assertThat(sum).isEqualTo(1, within(1e-6));
        assertThat(x).startsWith(before[0], before[1], before[2]).endsWith(before[count + 3]);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 15, 16, 17, 33, 100, 1023, 1025, 257_216})
    void logarithmIsCloseToTheFormulaInDouble(int count) {
        float[] x = RandomFloats.normal(count, count + 4, 5);
        float[] before = x.clone();
        Softmax.log(x, 3, count);
        double log = logSumExp(before, 3, count);
        for (int i = 3; i < 3 + count; i++) {
            double truth = before[i] - log;
            assertThat((double) x[i]).isEqualTo(truth, within(4e-7 * Math.max(1, Math.abs(truth))));
        }
        assertThat(x).startsWith(before[0], before[1], before[2]).endsWith(before[count + 3]);
    }

    /** Equal logits, where every rounding of the sum has the same sign. */
    @Test
    void logarithmOfAUniformVocabularyIsExact() {
        float[] x = new float[257_216];
        Arrays.fill(x, 12.5f);
        Softmax.log(x, 0, x.length);
        assertThat(x).containsOnly((float) -StrictMath.log(x.length));
    }

    @Test
    void doesNotOverflow() {
        float[] x = {1e30f, 1e30f, -1e30f, Float.NEGATIVE_INFINITY};
        Softmax.apply(x, 0, 4);
        assertThat(x).containsExactly(0.5f, 0.5f, 0f, 0f);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 16, 40})
    void notANumberIsNotLost(int count) {
        for (int at = 0; at < count; at++) {
            float[] x = RandomFloats.normal(at, count, 1);
            x[at] = Float.NaN;
            float[] y = x.clone();
            Softmax.apply(x, 0, count);
            Softmax.log(y, 0, count);
            assertThat(x).containsOnly(Float.NaN);
            assertThat(y).containsOnly(Float.NaN);
        }
    }

    private static double logSumExp(float[] x, int offset, int count) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = offset; i < offset + count; i++) {
            max = Math.max(max, x[i]);
        }
        double sum = 0;
        for (int i = offset; i < offset + count; i++) {
            sum += Math.exp(x[i] - max);
        }
        return max + Math.log(sum);
    }
}
