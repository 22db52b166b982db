package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import dev.pg.model.image.ImageReader;
import dev.pg.model.task.DemoMetrics;
import dev.pg.model.task.MaskDecoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * The demo model scores what its model card says, on all 240 pictures of its eval set: each metric within one item. Runs at the
 * machine's own vector width only; at the others the goldens must do.
 */
@Tag("eval")
class DemoEvalTest {
    private static final Path DEMO = Golden.TESTDATA.resolve("demo-model");

    @Test
    void scoresAreThoseOfTheModelCard() {
        DemoMetrics metrics = new DemoMetrics(MaskDecoder.open(DEMO.resolve("vae-demo.npz")));
        GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(64);
        try (PaliGemma model = PaliGemma.open(DEMO.resolve("paligemma2-demo"))) {
            for (JsonNode picture : Golden.json(DEMO.resolve("eval/truth.json"))) {
                Image image = ImageReader.read(
                        DEMO.resolve("eval/images").resolve(picture.get("image").stringValue()));
                List<JsonNode> tasks = new ArrayList<>();
                picture.get("tasks").forEach(tasks::add);
                List<Request> requests = tasks.stream()
                        .map(task -> Request.of(task.get("prompt").stringValue(), image))
                        .toList();
                List<Completion> completions = model.generate(requests, options, TokenListener.NONE);
                for (int i = 0; i < tasks.size(); i++) {
                    metrics.add(tasks.get(i), completions.get(i).text());
                }
            }
        }
        JsonNode card = Golden.json(DEMO.resolve("eval/metrics.json"));
        assertThat(metrics.summary().keySet()).containsExactlyInAnyOrderElementsOf(card.propertyNames());
        metrics.summary().forEach((metric, mean) -> {
            assertThat(mean.count())
                    .as(metric)
                    .isEqualTo(card.get(metric).get("count").intValue());
            assertThat(mean.value())
                    .as(metric)
                    .isCloseTo(card.get(metric).get("value").doubleValue(), within(1.0 / mean.count() + 1e-4));
        });
    }
}
