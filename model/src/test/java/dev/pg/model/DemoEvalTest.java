package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.kernels.Quantization;
import dev.pg.model.eval.Agreement;
import dev.pg.model.eval.EvalSet;
import dev.pg.model.eval.Evaluation;
import dev.pg.model.eval.TaskScores;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import dev.pg.model.image.ImageReader;
import dev.pg.model.quantize.WeightFormats;
import dev.pg.model.task.DemoMetrics;
import dev.pg.model.task.MaskDecoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/**
 * The demo model scores what its model card says, on all 240 pictures of its eval set: each metric within one item. Runs at the
 * machine's own vector width only; at the others the goldens must do.
 */
@Tag("eval")
class DemoEvalTest {
    private static final Path DEMO = Golden.TESTDATA.resolve("demo-model");
    private static final Path MODEL = DEMO.resolve("paligemma2-demo");
    private static final ModelOptions OPTIONS = ModelOptions.DEFAULT.withMaskDecoder(DEMO.resolve("vae-demo.npz"));

    @Test
    void scoresAreThoseOfTheModelCard() {
        DemoMetrics metrics = new DemoMetrics(MaskDecoder.open(DEMO.resolve("vae-demo.npz")));
        GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(64);
        try (PaliGemma model = PaliGemma.open(MODEL)) {
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

    /** Quantised weights answer as well. On each task, that is: half a point of q8 are one or two answers of it. */
    @Test
    void quantisedWeightsScoreAsWell() {
        Map<String, TaskScores.Mean> stored = scores(OPTIONS);
        assertScores(stored, Quantization.Q8, 0.005);
        assertScores(stored, Quantization.Q4, 0.02);
    }

    private static void assertScores(Map<String, TaskScores.Mean> stored, Quantization format, double points) {
        Map<String, TaskScores.Mean> quantized = scores(OPTIONS.withFormats(WeightFormats.text(format)));
        assertThat(quantized).hasSameSizeAs(stored);
        stored.forEach((name, mean) ->
                assertThat(quantized.get(name).value()).as(name).isGreaterThanOrEqualTo(mean.value() - points));
    }

    private static Map<String, TaskScores.Mean> scores(ModelOptions options) {
        try (PaliGemma model = PaliGemma.open(MODEL, options)) {
            Evaluation evaluation = new Evaluation(model, Optional.empty(), 64);
            EvalSet.read(DEMO.resolve("eval")).items().forEach(evaluation::add);
            return evaluation.modelScores();
        }
    }

    @ParameterizedTest
    @CsvSource({"Q8, 0.98, 1e-4", "Q4, 0.9, 1e-2"})
    void quantisedWeightsChooseAlike(Quantization format, double same, double divergence) {
        try (PaliGemma model = PaliGemma.open(MODEL, OPTIONS.withFormats(WeightFormats.text(format)));
                PaliGemma reference = PaliGemma.open(MODEL, OPTIONS)) {
            Evaluation evaluation = new Evaluation(model, Optional.of(reference), 64);
            EvalSet.read(DEMO.resolve("eval")).items().subList(0, 16).forEach(evaluation::add);
            Agreement agreement = evaluation.agreement();
            assertThat((double) agreement.sameTokens() / agreement.tokens()).isBetween(same, 1.0);
            assertThat(agreement.meanDivergence()).isBetween(1e-9, divergence);
        }
    }
}
