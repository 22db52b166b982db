package dev.pg.cli;

import static dev.pg.cli.Run.PALIGEMMA_2;
import static dev.pg.cli.Run.ints;
import static dev.pg.cli.Run.pg;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --adapter} against the ids that PEFT gives. */
class AdapterOptionTest {
    private static final Path LORA = Run.TESTDATA.resolve("golden/lora");

    private static Run generate(Object... more) {
        return pg(Stream.concat(
                        Stream.of(
                                "generate",
                                "--model",
                                PALIGEMMA_2,
                                "--image",
                                PALIGEMMA_2.resolve("image0.png"),
                                "--prompt",
                                "answer en how many people are in the picture?",
                                "--max-tokens",
                                16,
                                "--json"),
                        Stream.of(more))
                .toArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rank", "rslora", "rslora-names5"})
    void writesWhatPeftWrites(String name) {
        var expected = ints(Run.json(LORA.resolve(name.replace("-names5", "")).resolve("expected.json"))
                .at("/greedy/tokens"));
        assertThat(ints(generate("--adapter", LORA.resolve(name)).object().path("ids")))
                .isEqualTo(expected);
        assertThat(ints(generate("--adapter", LORA.resolve(name), "--merge-adapters")
                        .object()
                        .path("ids")))
                .isEqualTo(expected);
    }

    @Test
    void aWeightOfZeroGivesTheBase() {
        var base = ints(Run.json(PALIGEMMA_2.resolve("expected.json")).at("/greedy/tokens"))
                .subList(0, 16);
        assertThat(ints(generate("--adapter", LORA.resolve("rank") + ":0")
                        .object()
                        .path("ids")))
                .isEqualTo(base);
        assertThat(ints(generate(
                                "--adapter", LORA.resolve("rank") + ":0.5", "--adapter", LORA.resolve("rank") + ":-0.5")
                        .object()
                        .path("ids")))
                .isEqualTo(base);
    }

    @ParameterizedTest
    @ValueSource(strings = {"much", "1.2.3", "NaN", ""})
    void aWeightThatIsNoNumber(String weight) {
        Run run = generate("--adapter", LORA.resolve("rank") + ":" + weight);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("weight of an adapter must be a number").hasLineCount(1);
    }

    @Test
    void anAdapterThatIsNone() {
        Run run = generate("--adapter", PALIGEMMA_2);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("adapter_config.json").hasLineCount(1);
    }
}
