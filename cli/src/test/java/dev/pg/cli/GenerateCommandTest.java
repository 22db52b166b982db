package dev.pg.cli;

import static dev.pg.cli.Run.PALIGEMMA_2;
import static dev.pg.cli.Run.ints;
import static dev.pg.cli.Run.pg;
import static dev.pg.cli.Run.pgReading;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Raw prompts against the ids and scores that transformers gives. */
class GenerateCommandTest {
    private static final String PROMPT = "answer en how many people are in the picture?";
    private static final Path IMAGE_0 = PALIGEMMA_2.resolve("image0.png");
    private static final Path IMAGE_1 = PALIGEMMA_2.resolve("image1.png");
    private static final JsonNode EXPECTED = Run.json(PALIGEMMA_2.resolve("expected.json"));

    @TempDir
    Path folder;

    @Test
    void continuesGreedily() {
        Run run = pg(
                "generate",
                "--model",
                PALIGEMMA_2,
                "--image",
                IMAGE_0,
                "--prompt",
                PROMPT,
                "--max-tokens",
                24,
                "--json");

        assertThat(run.exitCode()).isZero();
        JsonNode line = run.object();
        assertThat(ints(line.path("ids"))).isEqualTo(ints(EXPECTED.at("/greedy/tokens")));
        assertThat(line.path("finish_reason").stringValue()).isEqualTo("length");
        assertThat(line.path("prompt").stringValue()).isEqualTo(PROMPT);
        assertThat(line.path("images").get(0).stringValue()).isEqualTo(IMAGE_0.toString());
        assertThat(line.has("candidates")).isFalse();
        assertThat(line.path("timings").propertyNames())
                .containsExactly(
                        "image_seconds", "prefill_seconds", "decode_seconds", "prompt_tokens", "generated_tokens");
    }

    @Test
    void streamsTheSameTextThatJsonHolds() {
        Object[] arguments = {
            "generate", "--model", PALIGEMMA_2, "--image", IMAGE_0, "--prompt", PROMPT, "--max-tokens", "24", "--quiet"
        };
        String streamed = pg(arguments).out();
        String whole = pg(Stream.concat(Stream.of(arguments), Stream.of("--json"))
                        .toArray())
                .object()
                .path("text")
                .stringValue();
        assertThat(streamed).isEqualTo(whole + System.lineSeparator());
    }

    @Test
    void takesSeveralPicturesInOnePrompt() {
        Run run = pg(
                "generate",
                "--model",
                PALIGEMMA_2,
                "--image",
                IMAGE_0,
                "--image",
                IMAGE_1,
                "--prompt",
                "compare en",
                "--max-tokens",
                8,
                "--json");
        assertThat(ints(run.object().path("ids"))).isEqualTo(ints(EXPECTED.at("/pair_greedy/tokens")));
    }

    @Test
    void takesIdsForATextModel() {
        Path gemma = Run.TESTDATA.resolve("golden/gemma2-text");
        String ids = ints(Run.json(gemma.resolve("cases.json")).path("input_ids")).stream()
                .map(String::valueOf)
                .collect(Collectors.joining(","));
        Run run = pg("generate", "--model", gemma, "--ids", ids, "--max-tokens", 24, "--json");
        assertThat(ints(run.object().path("ids")))
                .isEqualTo(ints(Run.json(gemma.resolve("expected.json")).at("/greedy/tokens")));
    }

    @Test
    void searchesWithBeams() {
        Object[] arguments = {
            "generate",
            "--model",
            PALIGEMMA_2,
            "--image",
            IMAGE_0,
            "--prompt",
            PROMPT,
            "--max-tokens",
            "24",
            "--beams",
            "4",
            "--beam-style",
            "transformers",
            "--return",
            "4",
            "--json"
        };
        JsonNode beam = EXPECTED.path("beam");

        JsonNode line = pg(arguments).object();

        JsonNode candidates = line.path("candidates");
        assertThat(candidates.size()).isEqualTo(4);
        for (int i = 0; i < 4; i++) {
            assertThat(ints(candidates.get(i).path("ids")))
                    .isEqualTo(ints(beam.path("sequences").get(i)));
            assertThat(candidates.get(i).path("score").doubleValue())
                    .isCloseTo(beam.path("scores").get(i).doubleValue(), within(1e-4));
            assertThat(candidates.get(i).path("text").stringValue()).isNotEmpty();
        }
        assertThat(line.path("ids")).isEqualTo(candidates.get(0).path("ids"));
    }

    @Test
    void theFinalSoftCapMovesScoresButNotGreedyIds() {
        Object[] off = {
            "generate",
            "--model",
            PALIGEMMA_2,
            "--image",
            IMAGE_0,
            "--prompt",
            PROMPT,
            "--max-tokens",
            "8",
            "--beams",
            "2",
            "--beam-style",
            "big_vision",
            "--json",
            "--final-softcap",
            "off"
        };
        Object[] on = off.clone();
        on[on.length - 1] = "on";
        double scoreOff =
                pg(off).object().path("candidates").get(0).path("score").doubleValue();
        double scoreOn = pg(on).object().path("candidates").get(0).path("score").doubleValue();
        assertThat(scoreOn).isNotCloseTo(scoreOff, within(1e-3));
    }

    @Test
    void runsABatchInOrder() throws IOException {
        Path file = Files.writeString(
                folder.resolve("batch.jsonl"), batchLine(IMAGE_0, PROMPT) + batchLine(IMAGE_1, "caption en"));

        Run run = pg("generate", "--model", PALIGEMMA_2, "--batch", file, "--max-tokens", 12);

        assertThat(run.exitCode()).isZero();
        List<JsonNode> lines = run.objects();
        assertThat(lines).hasSize(2);
        for (int i = 0; i < 2; i++) {
            assertThat(ints(lines.get(i).path("ids"))).isEqualTo(ints(EXPECTED.at("/batch_greedy/tokens/" + i)));
        }
        assertThat(lines.get(1).path("prompt").stringValue()).isEqualTo("caption en");
    }

    @Test
    void aBadLineOfABatchLeavesTheOthersInPlace() {
        String tooLong = "word ".repeat(20_000);
        String batch = batchLine(IMAGE_0, PROMPT)
                + "{\"prompt\": 1}\n"
                + "\n"
                + "{broken\n"
                + batchLine(folder.resolve("absent.png"), "caption en")
                + batchLine(IMAGE_1, tooLong)
                + batchLine(IMAGE_1, "caption en");

        Run run = pgReading(batch, "generate", "--model", PALIGEMMA_2, "--batch", "-", "--max-tokens", 12, "--quiet");

        assertThat(run.exitCode()).isEqualTo(1);
        List<JsonNode> lines = run.objects();
        assertThat(lines).hasSize(6);
        assertThat(ints(lines.get(0).path("ids"))).isEqualTo(ints(EXPECTED.at("/batch_greedy/tokens/0")));
        assertThat(lines.subList(1, 5))
                .allMatch(line -> line.has("error"))
                .extracting(line -> line.path("line").intValue())
                .containsExactly(2, 4, 5, 6);
        assertThat(ints(lines.get(5).path("ids"))).isEqualTo(ints(EXPECTED.at("/batch_greedy/tokens/1")));
        assertThat(run.err().lines()).hasSize(4);
    }

    private static String batchLine(Path image, String prompt) {
        return CompletionJson.object()
                        .put("prompt", prompt)
                        .set("images", CompletionJson.object().putArray("_").add(image.toString()))
                + "\n";
    }
}
