package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.model.ModelOptions.WeightMemory;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LimitTest {
    private static final Machine MACHINE = new Machine(
            new TreeMap<>(Map.of(1, 100.0, 2, 200.0)),
            new TreeMap<>(Map.of(1, 10.0, 2, 15.0)),
            new TreeMap<>(Map.of(1, 20.0, 2, 30.0)));

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

    @Test
    void eachKindOfMemoryHasItsOwn() {
        assertThat(Limit.of(MACHINE, 2, WeightMemory.MAPPED)).isEqualTo(new Limit(200, 15));
        assertThat(Limit.of(MACHINE, 1, WeightMemory.RESIDENT)).isEqualTo(new Limit(100, 20));
    }
}
