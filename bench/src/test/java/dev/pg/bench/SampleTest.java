package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SampleTest {
    @Test
    void theMedianIsTheMiddleAndTheSpreadTheDistance() {
        assertThat(Sample.of(4)).isEqualTo(new Sample(4, 0));
        assertThat(Sample.of(9, 2, 4)).isEqualTo(new Sample(4, 7.0 / 4));
        assertThat(Sample.of(8, 1, 4, 2)).isEqualTo(new Sample(3, 7.0 / 3));
    }

    @Test
    void workRunsAsOftenAsAskedFor() {
        AtomicInteger calls = new AtomicInteger();
        Sample sample = Sample.of(3, 5, calls::incrementAndGet);
        assertThat(calls).hasValue(15);
        assertThat(sample.median()).isPositive();
    }
}
