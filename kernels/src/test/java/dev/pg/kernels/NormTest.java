package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Workers;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link LayerNorm} and {@link RmsNorm}. */
class NormTest {
    private static final Workers TEAM = new Workers(2);
    private static final float EPS = 1e-6f;

    @AfterAll
    static void stop() {
        TEAM.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 8, 15, 16, 17, 54, 333, 1152})
    void layerNormIsCloseToTheFormulaInDouble(int width) {
        checkLayerNorm(width, 0, 2e-6);
    }

    /** Mean 1000, deviation 1: a sum of squares less a squared mean would lose everything. */
    @ParameterizedTest
    @ValueSource(ints = {5, 16, 333, 1152})
    void layerNormKeepsAccuracyFarFromZero(int width) {
        checkLayerNorm(width, 1000, 5e-6);
    }

    private static void checkLayerNorm(int width, float offset, double tolerance) {
        float[] values = RandomFloats.normal(width, 3 * width, 1);
        for (int i = 0; i < values.length; i++) {
            values[i] += offset;
        }
        Matrix x = Matrix.of(3, width, values);
        float[] weight = RandomFloats.normal(1, width, 1);
        float[] bias = RandomFloats.normal(2, width, 1);
        Matrix y = new Matrix(3, width);
        LayerNorm.apply(TEAM, x, weight, bias, EPS, y);
        for (int r = 0; r < 3; r++) {
            double mean = 0;
            for (int c = 0; c < width; c++) {
                mean += (double) x.get(r, c) / width;
            }
            double variance = 0;
            for (int c = 0; c < width; c++) {
                variance += Math.pow(x.get(r, c) - mean, 2) / width;
            }
            for (int c = 0; c < width; c++) {
                double truth = (x.get(r, c) - mean) / Math.sqrt(variance + EPS) * weight[c] + bias[c];
                assertThat((double) y.get(r, c)).isEqualTo(truth, within(tolerance * Math.max(1, Math.abs(truth))));
            }
        }
    }

    @Test
    void layerNormOfAConstantRowIsItsBias() {
        float[] values = new float[77];
        Arrays.fill(values, 0.1f);
        Matrix x = Matrix.of(1, 77, values);
        float[] bias = RandomFloats.normal(2, 77, 1);
        LayerNorm.apply(TEAM, x, RandomFloats.normal(1, 77, 1), bias, EPS, x);
        assertThat(x.toArray()).containsExactly(bias, within(1e-5f));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 8, 15, 16, 17, 54, 333, 2304})
    void rmsNormIsCloseToTheFormulaInDouble(int width) {
        Matrix x = RandomFloats.matrix(width, 3, width);
        float[] weight = RandomFloats.normal(1, width, 1);
        Matrix y = new Matrix(3, width);
        RmsNorm.apply(TEAM, x, weight, EPS, y);
        for (int r = 0; r < 3; r++) {
            double squares = 0;
            for (int c = 0; c < width; c++) {
                squares += Math.pow(x.get(r, c), 2) / width;
            }
            for (int c = 0; c < width; c++) {
                double truth = x.get(r, c) / Math.sqrt(squares + EPS) * (1.0 + weight[c]);
                assertThat((double) y.get(r, c)).isEqualTo(truth, within(1e-6 * Math.abs(truth)));
            }
        }
    }

    @Test
    void notANumberIsNotLost() {
        for (int at = 0; at < 19; at++) {
            Matrix x = RandomFloats.matrix(at, 1, 19);
            x.data()[at] = Float.NaN;
            Matrix y = RandomFloats.matrix(at, 1, 19);
            y.data()[at] = Float.NaN;
            RmsNorm.apply(TEAM, x, new float[19], EPS, x);
            LayerNorm.apply(TEAM, y, new float[19], new float[19], EPS, y);
            assertThat(x.toArray()).containsOnly(Float.NaN);
            assertThat(y.toArray()).containsOnly(Float.NaN);
        }
    }
}
