package dev.pg.cli;

import static dev.pg.cli.Run.pg;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code pg search} against the scores of the reference. */
class SearchCommandTest {
    private static final Path COLPALI = Run.TESTDATA.resolve("golden/colpali");
    private static final List<String> QUERIES = Run.json(COLPALI.resolve("cases.json"))
            .path("queries")
            .valueStream()
            .map(JsonNode::stringValue)
            .toList();

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"", "engine"})
    void ranksPages(String layout) {
        Object[] merged = {
            "search", "--model", COLPALI, "--query", QUERIES.get(0), "--query", QUERIES.get(1), "--json", COLPALI
        };
        Object[] base = {
            "search",
            "--model",
            COLPALI.resolve("engine/base"),
            "--adapter",
            COLPALI.resolve("engine/adapter"),
            "--query",
            QUERIES.get(0),
            "--query",
            QUERIES.get(1),
            "--json",
            COLPALI
        };
        Run run = pg(layout.isEmpty() ? merged : base);
        assertThat(run.exitCode()).as(run.err()).isZero();
        float[] scores = Safetensors.open(COLPALI.resolve(layout).resolve("expected.safetensors"), Arena.ofAuto())
                .tensors()
                .get("scores")
                .toFloats();
        List<JsonNode> lines = run.objects();
        assertThat(lines).hasSize(2);
        for (int q = 0; q < 2; q++) {
            assertThat(lines.get(q).path("query").stringValue()).isEqualTo(QUERIES.get(q));
            JsonNode hits = lines.get(q).path("hits");
            assertThat(hits.size()).isEqualTo(3);
            double before = Double.POSITIVE_INFINITY;
            for (JsonNode hit : hits) {
                String page =
                        Path.of(hit.path("page").stringValue()).getFileName().toString();
                int p = page.charAt("page".length()) - '0';
                assertThat(hit.path("score").doubleValue()).isCloseTo(scores[q * 3 + p], within(5e-5));
                assertThat(hit.path("score").doubleValue()).isLessThanOrEqualTo(before);
                before = hit.path("score").doubleValue();
            }
        }
    }

    @Test
    void anUnreadablePageAmongOthers() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.png"), "no picture");
        Run run = pg(
                "search",
                "--model",
                COLPALI,
                "--query",
                "a",
                "--top",
                1,
                broken,
                COLPALI.resolve("page1.png"),
                COLPALI.resolve("page2.png"));
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("broken.png");
        assertThat(run.lines()).hasSize(1);
        assertThat(run.lines().getFirst()).matches("\\d+\\.\\d{4}\t.*page[12]\\.png");
    }

    @Test
    void fewerVectorsGiveNearlyTheSameScore() {
        Object[] all = {"search", "--model", COLPALI, "--query", "a", "--json", COLPALI.resolve("page0.png")};
        double full = pg(all).object().at("/hits/0/score").doubleValue();
        Object[] few = {
            "search", "--model", COLPALI, "--query", "a", "--pool-tokens", 3, "--json", COLPALI.resolve("page0.png")
        };
        double pooled = pg(few).object().at("/hits/0/score").doubleValue();
        assertThat(pooled).isNotEqualTo(full).isCloseTo(full, within(0.2 * full));
    }

    @Test
    void embedsPagesAndQueries() {
        Path file = folder.resolve("embeddings.safetensors");
        Run run = pg(
                "embed",
                "--model",
                COLPALI,
                "--image",
                COLPALI.resolve("page1.png"),
                "--text",
                QUERIES.get(2),
                "--out",
                file);
        assertThat(run.exitCode()).as(run.err()).isZero();
        Map<String, Tensor> expected = Safetensors.open(COLPALI.resolve("expected.safetensors"), Arena.ofAuto())
                .tensors();
        Map<String, Tensor> got = Safetensors.open(file, Arena.ofAuto()).tensors();
        assertThat(got.get("page.0").shape()).containsExactly(80, 32);
        float[] pages = expected.get("page.embeddings").toFloats();
        assertThat(got.get("page.0").toFloats())
                .containsExactly(Arrays.copyOfRange(pages, 80 * 32, 2 * 80 * 32), within(2e-5f));
        assertThat(got.get("query.0").toFloats())
                .containsExactly(expected.get("query2.embeddings").toFloats(), within(5e-6f));
        JsonNode json = pg("embed", "--model", COLPALI, "--text", "a", "--json").object();
        assertThat(json.path("embeddings").size()).isEqualTo(19);
    }

    @Test
    void needsAColPali() {
        Run run = pg("search", "--model", Run.PALIGEMMA_2, "--query", "a", COLPALI);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("PaliGemma checkpoint").contains("cannot search");
    }
}
