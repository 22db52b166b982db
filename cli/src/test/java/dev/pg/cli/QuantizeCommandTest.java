package dev.pg.cli;

import static dev.pg.cli.Run.PALIGEMMA_2;
import static dev.pg.cli.Run.pg;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** {@code pg quantize}, and models with quantised weights on the command line. */
class QuantizeCommandTest {
    private static final Path DEMO = Run.TESTDATA.resolve("demo-model/paligemma2-demo");
    private static final Path PICTURE = Run.sample("02-green-square-red-circle.jpg");

    @TempDir
    Path folder;

    private Path out() {
        return folder.resolve("out");
    }

    @Test
    void writesAModelThatStillCaptions() {
        Run run = pg("quantize", "--model", DEMO, "--to", "q8", "--out", out());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out())
                .containsPattern("layers\\.0\\.mlp\\.up_proj\\.weight +Q8 +max .* rms 0\\.\\d+ % +cosine 0\\.9999");
        assertThat(run.lines().getLast()).startsWith("all ");
        Run stored = pg("caption", "--model", out(), PICTURE);
        assertThat(stored.out())
                .isEqualTo(pg("caption", "--model", DEMO, PICTURE).out());
    }

    @Test
    void reportsErrorsAsJson() {
        JsonNode report = pg(
                        "quantize",
                        "--model",
                        PALIGEMMA_2,
                        "--to",
                        "q4",
                        "--vision-dtype",
                        "q8",
                        "--out",
                        out(),
                        "--json")
                .object();
        assertThat(report.path("tensors").size()).isGreaterThan(20);
        for (JsonNode tensor : report.path("tensors")) {
            boolean four = tensor.path("format").stringValue().equals("Q4");
            boolean vision = tensor.path("name").stringValue().matches("(vision_tower|multi_modal).*");
            assertThat(four).isNotEqualTo(vision);
            assertThat(tensor.path("relative_rms_error").doubleValue()).isBetween(1e-4, four ? 0.1 : 0.006);
            assertThat(tensor.path("cosine").doubleValue()).isBetween(four ? 0.99 : 0.9999, 1.0);
            assertThat(tensor.path("max_error").doubleValue()).isPositive();
        }
    }

    @Test
    void inspectShowsMatricesAsTheyWere() {
        pg("quantize", "--model", PALIGEMMA_2, "--to", "q8", "--out", out());
        Run run = pg("inspect", out());
        assertThat(run.out())
                .containsPattern("language_model.model.layers.0.mlp.up_proj.weight +Q8 +\\[100, 48]")
                .contains("metadata pg.quantized.group_size = 16")
                .doesNotContain(".levels");
        JsonNode before = pg("inspect", "--json", PALIGEMMA_2).object();
        JsonNode after = pg("inspect", "--json", out()).object();
        assertThat(after.path("parameters")).isEqualTo(before.path("parameters"));
        assertThat(after.path("tensors").size())
                .isEqualTo(before.path("tensors").size());
    }

    /** The options are those of every command that opens a model. */
    @ParameterizedTest
    @CsvSource({
        "caption, demo-model/paligemma2-demo",
        "embed, golden/siglip-dual",
        "search, golden/colpali",
        "trace, golden/gemma2-text",
    })
    void quantisesWhileLoading(String command, String model) {
        Path directory = Run.TESTDATA.resolve(model);
        Object[] rest = switch (command) {
            case "caption" -> new Object[] {PICTURE};
            case "embed" -> new Object[] {"--text", "a cat", "--json"};
            case "search" -> new Object[] {"--query", "a red circle", PICTURE};
            default -> new Object[] {"--ids", "2,5,9", "--out", folder.resolve("trace.safetensors")};
        };
        for (String format : new String[] {"q8", "q4"}) {
            Object[] all = new Object[rest.length + 5];
            System.arraycopy(new Object[] {command, "--model", directory, "--dtype", format}, 0, all, 0, 5);
            System.arraycopy(rest, 0, all, 5, rest.length);
            Run run = pg(all);
            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.out()).isNotEmpty();
        }
    }

    @Test
    void adaptersStandBesideQuantisedWeights() {
        Object[] run = {
            "answer", "how many", "--model", PALIGEMMA_2, "--adapter", Run.TESTDATA.resolve("golden/lora/rank"), PICTURE
        };
        assertThat(pg(run).exitCode()).isZero();
        pg("quantize", "--model", PALIGEMMA_2, "--to", "q8", "--out", out());
        run[3] = out();
        Run quantized = pg(run);
        assertThat(quantized.exitCode()).as(quantized.err()).isZero();
    }

    @Test
    void wrongUse() {
        assertThat(pg("quantize", "--model", DEMO, "--out", out()).exitCode()).isEqualTo(2);
        assertThat(pg("quantize", "--model", DEMO, "--to", "q5", "--out", out()).exitCode())
                .isEqualTo(2);
        Run nothing = pg("caption", "--model", DEMO, "--dtype", "q8", "--vision-dtype", "q3", PICTURE);
        assertThat(nothing.exitCode()).isEqualTo(2);
        Run full = pg("quantize", "--model", DEMO, "--to", "q8", "--out", folder);
        assertThat(full.exitCode()).isZero(); // an empty directory will do
        Run again = pg("quantize", "--model", DEMO, "--to", "q8", "--out", folder);
        assertThat(again.exitCode()).isEqualTo(1);
        assertThat(again.err()).contains("is not empty");
    }
}
