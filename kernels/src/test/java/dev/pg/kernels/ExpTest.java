package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExpTest {
    /** Any step that is coprime to powers of two visits all exponents and many mantissas. */
    private static final int STEP = 997;

    @Test
    void isWithinOneUnitInTheLastPlaceOfTheTruth() {
        for (int bits = 0; bits < Float.floatToIntBits(104); bits += STEP) {
            float x = Float.intBitsToFloat(bits);
            checkUlp(x);
            checkUlp(-x);
        }
    }

    private static void checkUlp(float x) {
        double truth = StrictMath.exp(x);
        float got = Exp.exp(x);
        if (truth > Float.MAX_VALUE) {
            assertThat(got).as("e^%s", x).isGreaterThanOrEqualTo(Math.nextDown(Float.MAX_VALUE));
        } else {
            double ulp = Math.ulp((float) truth);
            assertThat(Math.abs(got - truth)).as("e^%s", x).isLessThanOrEqualTo(ulp);
        }
    }

    @Test
    void goesToItsLimits() {
        assertThat(Exp.exp(0f)).isEqualTo(1f);
        assertThat(Exp.exp(-0f)).isEqualTo(1f);
        assertThat(Exp.exp(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Exp.exp(89f)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Exp.exp(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Exp.exp(-103.9f)).isEqualTo(Float.MIN_VALUE);
        assertThat(Exp.exp(-105f)).isEqualTo(0f);
        assertThat(Exp.exp(-Float.MAX_VALUE)).isEqualTo(0f);
        assertThat(Exp.exp(Float.NEGATIVE_INFINITY)).isEqualTo(0f);
        assertThat(Exp.exp(Float.NaN)).isNaN();
    }
}
