package dev.pg.cli;

import static dev.pg.cli.Run.pg;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class EvalCommandTest {
    private static final Path DEMO = Run.TESTDATA.resolve("demo-model");
    private static final Path MODEL = DEMO.resolve("paligemma2-demo");

    @TempDir
    Path folder;

    private static Object[] eval(Object... more) {
        Object[] all = {"eval", "--model", MODEL, "--data", DEMO.resolve("eval"), "--limit", 3, "--mask-decoder"};
        Object[] joined = Arrays.copyOf(all, all.length + 1 + more.length);
        joined[all.length] = DEMO.resolve("vae-demo.npz");
        System.arraycopy(more, 0, joined, all.length + 1, more.length);
        return joined;
    }

    @Test
    void aModelAgreesWithItself() {
        JsonNode report = pg(eval("--reference", MODEL, "--json")).object();
        assertThat(report.path("scores")).isEqualTo(report.path("reference_scores"));
        assertThat(report.path("scores").path("segment mask IoU").path("value").doubleValue())
                .isBetween(0.3, 1.0);
        assertThat(report.path("same_tokens").longValue())
                .isPositive()
                .isEqualTo(report.path("tokens").longValue());
        assertThat(report.path("same_texts")).isEqualTo(report.path("texts"));
        assertThat(report.path("mean_divergence").doubleValue()).isCloseTo(0, within(1e-9));
    }

    @Test
    void comparesQuantisedWeights() {
        Run run = pg(eval("--dtype", "q4", "--reference", MODEL));
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out())
                .containsPattern("color exact +\\d\\.\\d{4}  reference \\d\\.\\d{4}  [-+]0\\.\\d{4}  of \\d");
        assertThat(run.lines().getLast())
                .matches("KL divergence .* nats a token; .* of \\d+ tokens, .* of \\d+ answers");
    }

    @Test
    void anyFolderOfTheFormatWillDo() throws IOException {
        Files.createDirectory(folder.resolve("images"));
        Files.copy(Run.sample("02-green-square-red-circle.jpg"), folder.resolve("images/a.jpg"));
        Files.writeString(folder.resolve("truth.json"), """
                [{"image": "a.jpg", "tasks": [
                  {"type": "count", "prompt": "answer en how many shapes are there?", "answer": "2"},
                  {"type": "free", "prompt": "caption en"}]}]""");
        JsonNode scores = pg("eval", "--model", MODEL, "--data", folder, "--json")
                .object()
                .path("scores");
        assertThat(scores.toString()).isEqualTo("{\"count exact\":{\"value\":1.0,\"count\":1}}");
    }

    @Test
    void refusesModelsThatCannotBeCompared() {
        Run run = pg(eval("--reference", Run.PALIGEMMA_2));
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("they cannot be compared");
        assertThat(pg("eval", "--model", MODEL).exitCode()).isEqualTo(2);
        assertThat(pg(eval("--max-tokens", 0)).exitCode()).isEqualTo(2);
    }
}
