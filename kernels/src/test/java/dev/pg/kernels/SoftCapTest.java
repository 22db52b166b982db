package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SoftCapTest {
    @Test
    void tanhIsWithinThreeUnitsInTheLastPlace() {
        for (int bits = 1; bits < Float.floatToIntBits(30); bits += 997) {
            float x = Float.intBitsToFloat(bits);
            double truth = StrictMath.tanh(x);
            double error = Math.abs(SoftCap.Scalar.tanh(x) - truth) / Math.ulp((float) truth);
            assertThat(error).as("tanh(%s)", x).isLessThanOrEqualTo(3);
            assertThat(SoftCap.Scalar.tanh(-x)).isEqualTo(-SoftCap.Scalar.tanh(x));
        }
    }

    @Test
    void goesToItsLimits() {
        float[] x = {
            0f,
            -0f,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.MAX_VALUE,
            -Float.MAX_VALUE,
            Float.NaN,
            1e-40f
        };
        SoftCap.apply(x, 0, x.length, 1);
        assertThat(x).containsExactly(0f, -0f, 1f, -1f, 1f, -1f, Float.NaN, 1e-40f);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 134, 1000})
    void everyWidthGivesTheBitsOfTheScalarTwin(int count) {
        float[] x = RandomFloats.normal(count, count + 5, 60);
        float[] expected = x.clone();
        SoftCap.Scalar.apply(expected, 2, count, 30);
        SoftCap.apply(x, 2, count, 30);
        assertThat(x).isEqualTo(expected);
    }
}
