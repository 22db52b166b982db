package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Workers;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GeluTest {
    private static double oracle(double x) {
        return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    @Test
    void isCloseToTheFormulaInDouble() {
        for (float x = -12; x < 12; x += 0.001f) {
            double truth = oracle(x);
            assertThat((double) Gelu.Scalar.gelu(x))
                    .as("gelu(%s)", x)
                    .isEqualTo(truth, within(2e-7 * Math.abs(x) + 1e-30));
        }
    }

    /** 0.5 x (1 + tanh u) in float would be off by a fifth here. */
    @Test
    void keepsRelativeAccuracyInTheNegativeTail() {
        double x = -5;
        double u = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
        double truth = x / (1 + Math.exp(-2 * u));
        assertThat((double) Gelu.Scalar.gelu(-5f)).isEqualTo(truth, within(1e-5 * Math.abs(truth)));
    }

    @Test
    void goesToItsLimits() {
        assertThat(Gelu.Scalar.gelu(0f)).isEqualTo(0f);
        assertThat(Gelu.Scalar.gelu(1e4f)).isEqualTo(1e4f);
        assertThat(Gelu.Scalar.gelu(1e30f)).isEqualTo(1e30f);
        assertThat(Gelu.Scalar.gelu(-1e4f)).isEqualTo(-0f);
        assertThat(Gelu.Scalar.gelu(-1e30f)).isEqualTo(-0f);
        assertThat(Gelu.Scalar.gelu(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Gelu.Scalar.gelu(Float.NEGATIVE_INFINITY)).isNaN();
        assertThat(Gelu.Scalar.gelu(Float.NaN)).isNaN();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 134, 4304})
    void everyWidthGivesTheBitsOfTheScalarTwin(int cols) {
        try (Workers team = new Workers(1)) {
            Matrix x = Matrix.of(3, cols, RandomFloats.normal(cols, 3 * cols, 4));
            float[] expected = x.toArray();
            Gelu.Scalar.apply(expected, 0, expected.length);
            Gelu.apply(team, x);
            assertThat(x.toArray()).isEqualTo(expected);
        }
    }

    /** Any float there is, so that every branch of the exponential is taken. */
    @Test
    void vectorFormGivesTheBitsOfTheScalarTwinForAllKindsOfNumbers() {
        float[] x = new float[100_000];
        Random random = new Random(1);
        for (int i = 0; i < x.length; i++) {
            x[i] = Float.intBitsToFloat(random.nextInt());
        }
        Matrix m = Matrix.of(1, x.length, x);
        try (Workers team = new Workers(1)) {
            Gelu.apply(team, m);
        }
        Gelu.Scalar.apply(x, 0, x.length);
        assertThat(m.toArray()).isEqualTo(x);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 134, 9216})
    void gatedFormIsGeluOfTheGateTimesUp(int cols) {
        try (Workers team = new Workers(1)) {
            Matrix gateUp = Matrix.of(3, 2 * cols, RandomFloats.normal(cols, 6 * cols, 4));
            Matrix y = new Matrix(3, cols);
            GeGlu.apply(team, gateUp, y);
            for (int r = 0; r < 3; r++) {
                for (int c = 0; c < cols; c++) {
                    assertThat(y.get(r, c)).isEqualTo(Gelu.Scalar.gelu(gateUp.get(r, c)) * gateUp.get(r, cols + c));
                }
            }
            Matrix gate = gateUp.columns(0, cols);
            GeGlu.apply(team, gateUp, gate);
            assertThat(gate.toArray()).isEqualTo(y.toArray());
        }
    }
}
