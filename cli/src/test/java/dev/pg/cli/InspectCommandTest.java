package dev.pg.cli;

import static dev.pg.cli.Run.PALIGEMMA_2;
import static dev.pg.cli.Run.pg;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** inspect and info. */
class InspectCommandTest {
    @Test
    void listsTheTensorsOfADirectory() {
        Run run = pg("inspect", PALIGEMMA_2);
        assertThat(run.exitCode()).isZero();
        assertThat(run.lines().getFirst())
                .contains("paligemma, ")
                .contains("tensors")
                .contains("parameters");
        assertThat(run.out()).containsPattern("multi_modal_projector\\.linear\\.weight +F32 +\\[48, 54]");
    }

    @Test
    void countsTheSameInShardsAndInOneFile() {
        JsonNode whole = pg("inspect", "--json", PALIGEMMA_2).object();
        JsonNode shards = pg("inspect", "--json", Run.TESTDATA.resolve("golden/paligemma2-variants/sharded"))
                .object();
        assertThat(whole.path("model_type").stringValue()).isEqualTo("paligemma");
        assertThat(shards.path("parameters")).isEqualTo(whole.path("parameters"));
        assertThat(shards.path("tensors").size())
                .isEqualTo(whole.path("tensors").size());
    }

    @Test
    void readsASingleFileWithOtherTypes() {
        Path file = Run.TESTDATA.resolve("golden/paligemma2/inputs.safetensors");
        JsonNode tensors = pg("inspect", "--json", file).object().path("tensors");
        assertThat(tensors.valueStream().map(tensor -> tensor.path("dtype").stringValue()))
                .contains("I64", "F32");
        JsonNode pixels = tensors.valueStream()
                .filter(tensor -> tensor.path("name").stringValue().equals("single.pixel_values"))
                .findFirst()
                .orElseThrow();
        assertThat(Run.ints(pixels.path("shape"))).containsExactly(1, 3, 56, 56);
        assertThat(pixels.path("bytes").longValue()).isEqualTo(4L * 3 * 56 * 56);
    }

    @Test
    void knowsAnAdapterFromAModel() {
        Path adapter = Run.TESTDATA.resolve("golden/lora/rank");
        Run inspected = pg("inspect", adapter);
        assertThat(inspected.exitCode()).isEqualTo(1);
        assertThat(inspected.err()).contains("pg adapter inspect " + adapter).hasLineCount(1);
        for (Run run : List.of(pg("score", "--model", adapter, "--text", "hello"), pg("info", "--model", adapter))) {
            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err()).contains("an adapter, not a model").hasLineCount(1);
        }
    }

    @Test
    void showsWhatComputesHere() {
        assertThat(pg("info").out())
                .contains("Vector API")
                .contains("threads")
                .contains(Runtime.version().toString());
        assertThat(pg("info", "--json").object().path("gemm").stringValue()).isEqualTo("vector");
    }
}
