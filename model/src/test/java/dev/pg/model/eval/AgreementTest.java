package dev.pg.model.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AgreementTest {
    @Test
    void divergenceIsThatOfTheDistributions() {
        float[] p = {(float) Math.log(0.5), (float) Math.log(0.25), (float) Math.log(0.25)};
        float[] q = {3 + (float) Math.log(0.2), 3 + (float) Math.log(0.2), 3 + (float) Math.log(0.6)};
        double expected = 0.5 * Math.log(0.5 / 0.2) + 0.25 * Math.log(0.25 / 0.2) + 0.25 * Math.log(0.25 / 0.6);
        Agreement token = Agreement.ofToken(0, p, q);
        assertThat(token.meanDivergence()).isCloseTo(expected, within(1e-6));
        assertThat(token.tokens()).isOne();
        assertThat(token.sameTokens()).as("the model would have chosen 2").isZero();
    }

    @Test
    void nothingDivergesFromItself() {
        float[] p = {1, -2, 7, 0};
        Agreement token = Agreement.ofToken(2, p.clone(), p.clone());
        assertThat(token.divergence()).isZero();
        assertThat(token.sameTokens()).isOne();
    }

    @Test
    void sumsAndMeans() {
        Agreement both = new Agreement(3, 2, 0.6, 1, 1).plus(new Agreement(1, 1, 0.2, 1, 0));
        assertThat(both).isEqualTo(new Agreement(4, 3, 0.8, 2, 1));
        assertThat(both.meanDivergence()).isCloseTo(0.2, within(1e-12));
        assertThat(Agreement.NONE.meanDivergence()).isZero();
    }
}
