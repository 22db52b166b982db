package dev.pg.cli;

import static dev.pg.cli.Run.PALIGEMMA_2;
import static dev.pg.cli.Run.pg;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code pg adapter} against PEFT's merged and squeezed results. */
class AdapterCommandTest {
    private static final Path LORA = Run.TESTDATA.resolve("golden/lora");

    @TempDir
    Path folder;

    private Path out() {
        return folder.resolve("out");
    }

    private static Map<String, Tensor> tensors(Path file) {
        return Safetensors.open(file, Arena.ofAuto()).tensors();
    }

    private void assertLogits(Path model, Object[] adapter, String expected, String prefix) {
        Path trace = folder.resolve("trace.safetensors");
        Object[] arguments = {
            "trace",
            "--model",
            model,
            "--image",
            PALIGEMMA_2.resolve("image0.png"),
            "--prompt",
            "answer en how many people are in the picture?",
            "--out",
            trace
        };
        Object[] all = Stream.of(arguments, adapter).flatMap(Stream::of).toArray();
        Run run = pg(all);
        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonNode facts =
                Run.json(LORA.resolve(expected).resolve("expected.json")).path("tensors");
        Map<String, Tensor> want = tensors(LORA.resolve(expected).resolve("expected.safetensors"));
        float[] got = tensors(trace).get("last_logits").toFloats();
        String name = prefix + "last_logits";
        float[] wanted = want.get(name).toFloats();
        double tolerance = facts.path(name).path("suggested_max_abs_tolerance").doubleValue();
        for (int i = 0; i < wanted.length; i++) {
            assertThat(Math.abs(got[i] - wanted[i])).isLessThanOrEqualTo((float) tolerance);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rank", "rslora", "rslora-names5"})
    void mergesIntoACheckpoint(String name) throws IOException {
        Run run = pg("adapter", "merge", "--model", PALIGEMMA_2, "--adapter", LORA.resolve(name), "--out", out());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertLogits(out(), new Object[0], name.replace("-names5", ""), "merged.");
        assertThat(tensors(out().resolve("model.safetensors")).keySet())
                .containsExactlyInAnyOrderElementsOf(
                        tensors(PALIGEMMA_2.resolve("model.safetensors")).keySet());
        assertThat(Files.readString(out().resolve("config.json")))
                .isEqualTo(Files.readString(PALIGEMMA_2.resolve("config.json")));
    }

    @ParameterizedTest
    @CsvSource({"8, --exact", "4, --exact"})
    void squeezesToALowerRank(int rank, String method) {
        Run run = pg("adapter", "squeeze", LORA.resolve("rank"), "--rank", rank, method, "--out", out());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.lines().getLast()).startsWith("all ").contains("energy 0.");
        assertLogits(PALIGEMMA_2, new Object[] {"--adapter", out()}, "rank", "squeezed_rank" + rank + ".");
    }

    @Test
    void shrinksByEnergyAndReportsIt() {
        JsonNode report = pg("adapter", "squeeze", LORA.resolve("rank"), "--energy", 0.9, "--out", out(), "--json")
                .object();
        assertThat(report.path("energy").doubleValue()).isBetween(0.9, 1.0);
        for (JsonNode module : report.path("modules")) {
            assertThat(module.path("rank").intValue())
                    .isLessThan(module.path("rank_before").intValue());
            assertThat(module.path("energy").doubleValue()).isBetween(0.9, 1.0);
        }
    }

    @Test
    void showsWhatIsInAnAdapter() {
        Run run = pg("adapter", "inspect", LORA.resolve("rslora"));
        assertThat(run.lines().getFirst()).contains("rsLoRA of google/paligemma2-3b-pt-224, 34 updates");
        assertThat(run.out()).contains("layers.0.mlp.down_proj").contains("rank 10  scaling 3.79473  F32 [48, 100]");
        JsonNode json =
                pg("adapter", "inspect", LORA.resolve("rslora"), "--json").object();
        assertThat(json.path("modules").size()).isEqualTo(34);
        assertThat(json.path("modules").get(0).path("rank").intValue()).isEqualTo(10);
    }

    @Test
    void wrongUse() {
        assertThat(pg("adapter").exitCode()).isEqualTo(2);
        assertThat(pg("adapter", "squeeze", LORA.resolve("rank"), "--out", out())
                        .exitCode())
                .isEqualTo(2);
        assertThat(pg("adapter", "squeeze", LORA.resolve("rank"), "--rank", 0, "--out", out())
                        .exitCode())
                .isEqualTo(2);
        Run otherBase = pg(
                "adapter",
                "merge",
                "--model",
                Run.TESTDATA.resolve("golden/paligemma1"),
                "--adapter",
                LORA.resolve("rank"),
                "--out",
                out());
        assertThat(otherBase.exitCode()).isEqualTo(1);
        assertThat(otherBase.err()).contains("another base").hasLineCount(1);
        assertThat(Files.exists(out())).isFalse();
    }
}
