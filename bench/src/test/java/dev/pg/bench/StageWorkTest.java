package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.DType;
import dev.pg.model.config.ConfigNode;
import dev.pg.model.config.PaliGemmaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** Counts of the published shapes, known from elsewhere and to the digits given there. */
class StageWorkTest {
    @TempDir
    private Path dir;

    private StageWork work(String shape, double bytesPerWeight) throws IOException {
        return work(ModelShape.of(shape), bytesPerWeight);
    }

    private StageWork work(ModelShape shape, double bytesPerWeight) throws IOException {
        Path file = dir.resolve("config.json");
        Files.write(file, JsonMapper.shared().writeValueAsBytes(SyntheticConfig.config(shape, DType.BF16)));
        PaliGemmaConfig config = PaliGemmaConfig.read(ConfigNode.read(file));
        return new StageWork(config, config.text().layers(), config.vision().layers(), bytesPerWeight, bytesPerWeight);
    }

    /** Linear layers and attention together, in TFLOP. The projector, which the source leaves out, is less than a hundredth. */
    @ParameterizedTest
    @CsvSource({"224, .21, .01", "448, .84, .13", "896, 3.37, 2.09"})
    void aPictureCosts(int size, double linear, double attention) throws IOException {
        assertThat(work("paligemma-3b-" + size, 2).vision().flops() / 1e12 / (linear + attention))
                .isCloseTo(1, within(0.02));
    }

    @ParameterizedTest
    @CsvSource({
        "paligemma-3b-224, 264, 1.05, .01",
        "paligemma-3b-224, 1032, 4.09, .16",
        "paligemma-3b-224, 4104, 16.3, 2.5",
        "paligemma2-3b-224, 264, 1.07, .02",
        "paligemma2-3b-224, 1032, 4.18, .23",
        "paligemma2-3b-224, 4104, 16.6, 3.6",
        "paligemma2-10b-224, 264, 4.40, .05",
        "paligemma2-10b-224, 1032, 17.2, .7",
        "paligemma2-10b-224, 4104, 68.3, 11.6",
        "paligemma2-28b-224, 264, 13.8, .05",
        "paligemma2-28b-224, 1032, 53.8, .8",
        "paligemma2-28b-224, 4104, 214, 12.7",
    })
    void aPromptCosts(String shape, int tokens, double linear, double attention) throws IOException {
        StageWork work = work(shape, 2);
        double lastLayer = 0.9 / work.textLayers(); // what it computes for the last token only, 0.85 to 0.95 of it
        assertThat(work.prefill(tokens).flops() / 1e12 / (linear + attention)).isCloseTo(1 - lastLayer, within(0.013));
    }

    /** Gigabytes a token. Weights alone: the cache comes on top. */
    @ParameterizedTest
    @CsvSource({
        "paligemma-3b-224, 5.02, 2.51, 1.41",
        "paligemma2-3b-224, 5.23, 2.62, 1.47",
        "paligemma2-10b-224, 18.5, 9.25, 5.2",
        "paligemma2-28b-224, 54.5, 27.2, 15.3",
    })
    void aTokenReads(String shape, double bf16, double int8, double fourAndAHalfBits) throws IOException {
        assertThat(work(shape, 2).decode(0, 1).bytes() / 1e9 / bf16).isCloseTo(1, within(0.005));
        assertThat(work(shape, 1).decode(0, 1).bytes() / 1e9 / int8).isCloseTo(1, within(0.005));
        assertThat(work(shape, 4.5 / 8).decode(0, 1).bytes() / 1e9 / fourAndAHalfBits)
                .isCloseTo(1, within(0.005));
    }

    /** Bytes of keys and values for each token, twice those of a BF16 cache. */
    @ParameterizedTest
    @CsvSource({
        "paligemma-3b-224, 18432",
        "paligemma2-3b-224, 106496",
        "paligemma2-10b-224, 344064",
        "paligemma2-28b-224, 376832"
    })
    void theCacheGrowsByTheToken(String shape, double bf16) throws IOException {
        StageWork work = work(shape, 2);
        double perToken = work.decode(261, 1).bytes() - work.decode(260, 1).bytes();
        assertThat(perToken).isEqualTo(2 * bf16);
    }

    /** A batch reads its weights once, everything else as often as it has sequences. */
    @Test
    void aBatchSharesItsWeights() throws IOException {
        StageWork work = work("paligemma2-3b-224", 2);
        Work one = work.decode(260, 1);
        Work eight = work.decode(260, 8);
        double weights = work.decode(0, 1).bytes();
        assertThat(eight.flops()).isEqualTo(8 * one.flops());
        assertThat(eight.bytes() - weights).isCloseTo(8 * (one.bytes() - weights), within(1.0));
    }

    @Test
    void halfTheLayersAreHalfTheWork() throws IOException {
        StageWork whole = work("paligemma2-3b-224", 2);
        StageWork half = new StageWork(whole.config(), 13, 27, 2, 2);
        double logits = new StageWork(whole.config(), 0, 27, 2, 2).prefill(100).flops();
        assertThat((half.prefill(100).flops() - logits) * 2)
                .isCloseTo(whole.prefill(100).flops() - logits, within(1e3));
        assertThat(half.vision()).isEqualTo(whole.vision());
    }

    /** The counts of a model are the elements of its tensors: two operations for each weight and token. */
    @Test
    void theCountsAreThoseOfTheTensors() throws IOException {
        ModelShape shape = ModelShape.of("paligemma2-3b-224");
        double decoder = SyntheticWeights.of(shape, 1).stream()
                .filter(weight -> weight.name().startsWith("language_model") && weight.shape().length == 2)
                .mapToDouble(SyntheticWeight::bytes)
                .sum();
        assertThat(work(shape, 2).decode(0, 1).bytes()).isEqualTo(decoder);
        assertThat(work(shape, 2).decode(0, 1).flops()).isEqualTo(decoder);
    }
}
