package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SampleTest {
    @Test
    void theMedianIsTheMiddleAndTheSpreadTheDistance() {
        assertThat(Sample.of(4)).isEqualTo(new Sample(4, 0));
        assertThat(Sample.of(9, 2, 4)).isEqualTo(new Sample(4, 7.0 / 4));
        assertThat(Sample.of(8, 1, 4, 2)).isEqualTo(new Sample(3, 7.0 / 3));
    }
}
