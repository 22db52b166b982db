package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RepeatedTest {
    @Test
    void workRunsAsOftenAsAskedFor() {
        AtomicInteger calls = new AtomicInteger();
        Sample sample = new Repeated(5, calls::incrementAndGet).sample(3);
        assertThat(calls).hasValue(15);
        assertThat(sample.median()).isPositive();
    }

    @Test
    void whatIsShortIsRepeated() {
        AtomicInteger calls = new AtomicInteger();
        Repeated warm = Repeated.warm(calls::incrementAndGet);
        assertThat(calls).hasPositiveValue();
        assertThat(warm.times()).isGreaterThan(1);
    }
}
