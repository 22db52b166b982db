package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.config.ConfigNode;
import dev.pg.model.config.PaliGemmaConfig;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class StageTest {
    private static final Limit LIMIT = new Limit(64, 8);
    private static final Sample HALF_A_SECOND = new Sample(0.5, 0.1);

    /** A model of three layers of which one ran, and whose work is what the stages below say. */
    private final StageModel model = model();

    private static StageModel model() {
        PaliGemmaConfig config = PaliGemmaConfig.read(
                ConfigNode.read(Path.of(System.getProperty("pg.testdata"), "golden", "paligemma2", "config.json")));
        return new StageModel(
                "BF16",
                WeightMemory.MAPPED,
                new StageWork(config, 1, 1, 2, 2),
                new StageWork(config, 3, 1, 2, 2),
                null,
                null,
                null);
    }

    /** 16 · 10⁹ operations in half a second, which could be 32; the whole has three times as many. */
    @Test
    void theTimeOfASliceGrowsWithTheWorkLeftOutAndItsRateDoesNot() {
        Stage stage = new Stage("prefill", 8, 1, 8, work -> new Work(work.textLayers() * 16e9, 1e9));
        Result result = stage.result(model, 2, HALF_A_SECOND, LIMIT);
        assertThat(result.seconds()).isEqualTo(1.5);
        assertThat(result.rate()).isEqualTo(32);
        assertThat(result.unit()).isEqualTo("GFLOP/s");
        assertThat(result.limit()).hasValue(64);
        assertThat(result.fraction()).hasValue(0.5);
        assertThat(result.perSecond()).isEqualTo(8 / 1.5);
        assertThat(result.spread()).isEqualTo(0.1);
    }

    /** What does not grow with the layers counts once. */
    @Test
    void whereMemoryIsTheLimitBytesCount() {
        Stage stage = new Stage("decode", 8, 1, 1, work -> new Work(1e9, (work.textLayers() + 1) * 1e9));
        Result result = stage.result(model, 2, HALF_A_SECOND, LIMIT);
        assertThat(result.seconds()).isEqualTo(1);
        assertThat(result.rate()).isEqualTo(4);
        assertThat(result.unit()).isEqualTo("GB/s");
        assertThat(result.limit()).hasValue(8);
        assertThat(result.fraction()).hasValue(0.5);
    }
}
