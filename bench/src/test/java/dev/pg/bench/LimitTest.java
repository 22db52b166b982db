package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LimitTest {
    @Test
    void theScarcerResourceIsTheLimit() {
        Limit limit = new Limit(100, 10);
        Work products = new Work(200e9, 1e9);
        Work stream = new Work(1e9, 5e9);
        assertThat(limit.isArithmetic(products)).isTrue();
        assertThat(limit.seconds(products)).isEqualTo(2);
        assertThat(limit.isArithmetic(stream)).isFalse();
        assertThat(limit.seconds(stream)).isEqualTo(0.5);
    }

    /** Not the middle one of the looks: a rate that is out of the way is so by itself. */
    @Test
    void eachRateHasItsMedian() {
        Limit limit = Limit.median(List.of(new Limit(100, 30), new Limit(300, 10), new Limit(200, 20)));
        assertThat(limit).isEqualTo(new Limit(200, 20));
    }
}
