package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.ImageReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The demo model answers as transformers does, on every sample and task of its {@code expected.json}. */
class DemoModelTest {
    private static final Path DEMO = Golden.TESTDATA.resolve("demo-model");

    @Test
    void greedyAnswersEqualTheReference() {
        JsonNode cases = Golden.json(DEMO.resolve("expected.json")).get("cases");
        List<Request> requests = new ArrayList<>();
        for (JsonNode c : cases) {
            Path picture = DEMO.resolve("samples").resolve(c.get("image").stringValue());
            requests.add(Request.of(c.get("prompt").stringValue(), ImageReader.read(picture)));
        }
        try (PaliGemma model = PaliGemma.open(DEMO.resolve("paligemma2-demo"))) {
            List<Completion> completions =
                    model.generate(requests, GenerationOptions.DEFAULT.withMaxTokens(64), TokenListener.NONE);
            for (int i = 0; i < cases.size(); i++) {
                JsonNode want = cases.get(i);
                String what = want.get("image").stringValue() + ": "
                        + want.get("prompt").stringValue();
                assertThat(completions.get(i).text())
                        .as(what)
                        .isEqualTo(want.get("output").stringValue());
                int[] ids = completions.get(i).ids();
                assertThat(ids).as(what).hasSize(want.get("output_ids").size());
                for (int k = 0; k < ids.length; k++) {
                    assertThat(ids[k])
                            .as(what)
                            .isEqualTo(want.get("output_ids").get(k).intValue());
                }
            }
        }
    }
}
