package dev.pg.model.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The port of the metrics, on the answers of the reference implementation: it must find the accuracies of the model card. */
class DemoMetricsTest {
    private static final Path DEMO = Path.of(System.getProperty("pg.testdata"), "demo-model");

    private static JsonNode json(String file) {
        return JsonMapper.shared().readTree(DEMO.resolve(file));
    }

    @Test
    void findsTheAccuraciesOfTheModelCard() {
        DemoMetrics metrics = new DemoMetrics(MaskDecoder.open(DEMO.resolve("vae-demo.npz")));
        JsonNode outputs = json("eval/hf_outputs.json");
        for (JsonNode picture : json("eval/truth.json")) {
            for (JsonNode task : picture.get("tasks")) {
                metrics.add(task, output(outputs.get(picture.get("image").asString()), task));
            }
        }

        JsonNode expected = json("eval/metrics.json");
        assertThat(metrics.summary().keySet()).containsExactlyInAnyOrderElementsOf(expected.propertyNames());
        metrics.summary().forEach((name, mean) -> {
            assertThat(mean.count())
                    .as(name)
                    .isEqualTo(expected.get(name).get("count").asInt());
            assertThat(mean.value())
                    .as(name)
                    .isCloseTo(expected.get(name).get("value").asDouble(), within(1e-4));
        });
    }

    private static String output(JsonNode outputs, JsonNode task) {
        for (JsonNode output : outputs) {
            if (output.get("type").equals(task.get("type"))
                    && output.get("prompt").equals(task.get("prompt"))) {
                return output.get("output").asString();
            }
        }
        throw new AssertionError("no output for " + task.get("prompt"));
    }
}
