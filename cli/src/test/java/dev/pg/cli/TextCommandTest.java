package dev.pg.cli;

import static dev.pg.cli.Run.pg;
import static dev.pg.cli.Run.pgReading;
import static dev.pg.cli.Run.sample;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** caption, ocr, answer and their kin, on the demo model, against what transformers answers. */
class TextCommandTest {
    private static final JsonNode EXPECTED = Run.json(Run.TESTDATA.resolve("demo-model/expected.json"));

    @TempDir
    Path folder;

    /** The cases of one kind whose pictures no lossy decoder touches. */
    private static List<JsonNode> cases(String type) {
        List<JsonNode> cases = EXPECTED.path("cases")
                .valueStream()
                .filter(c -> c.path("type").stringValue().equals(type)
                        && c.path("image").stringValue().endsWith(".png"))
                .toList();
        assertThat(cases).isNotEmpty();
        return cases;
    }

    private static String field(JsonNode node, String name) {
        return node.path(name).stringValue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "de", "es"})
    void captionsEqualTheReferenceInEachLanguage(String language) {
        List<JsonNode> cases = cases("caption " + language);
        List<Object> arguments = new ArrayList<>(List.of("caption", "--json", "--lang", language));
        cases.forEach(c -> arguments.add(sample(field(c, "image"))));

        Run run = pg(arguments.toArray());

        assertThat(run.exitCode()).isZero();
        assertThat(run.objects()).hasSameSizeAs(cases);
        for (int i = 0; i < cases.size(); i++) {
            JsonNode line = run.objects().get(i);
            assertThat(field(line, "image")).endsWith(field(cases.get(i), "image"));
            assertThat(field(line, "prompt")).isEqualTo("caption " + language);
            assertThat(field(line, "text")).isEqualTo(field(cases.get(i), "output"));
            assertThat(Run.ints(line.path("ids")))
                    .isEqualTo(Run.ints(cases.get(i).path("output_ids")));
            assertThat(field(line, "finish_reason")).isEqualTo("stop");
            assertThat(line.path("timings").path("generated_tokens").intValue())
                    .isEqualTo(cases.get(i).path("output_ids").size());
        }
    }

    @Test
    void answersAQuestion() {
        JsonNode expected = cases("count").getFirst();
        String question = field(expected, "prompt").substring("answer en ".length());
        Run run = pg("answer", question, sample(field(expected, "image")));
        assertThat(run.lines()).containsExactly(field(expected, "output"));
    }

    @Test
    void readsText() {
        Run run = pg("ocr", sample("12-text-427.png"));
        assertThat(run.out()).isEqualTo("427" + System.lineSeparator());
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void describesAndAsksWithTheirOwnPrompts() {
        assertThat(pg("describe", "--json", "--max-tokens", 1, sample("09-cyan-star.png"))
                        .object()
                        .path("prompt")
                        .stringValue())
                .isEqualTo("describe en");
        assertThat(pg("question", "--json", "--max-tokens", 1, "a star", sample("09-cyan-star.png"))
                        .object()
                        .path("prompt")
                        .stringValue())
                .isEqualTo("question en a star");
    }

    @Test
    void namesThePictureOnlyAmongSeveral() {
        Path one = sample("10-text-stop.png");
        Path two = sample("12-text-427.png");
        assertThat(pg("ocr", one).lines()).containsExactly("STOP");
        assertThat(pg("ocr", one, two).lines()).containsExactly(one + "\tSTOP", two + "\t427");
    }

    @Test
    void takesAFolderAGlobAndStandardInput() throws IOException {
        for (String name : List.of("10-text-stop.png", "12-text-427.png")) {
            Files.copy(sample(name), folder.resolve(name));
        }
        Files.writeString(folder.resolve("notes.txt"), "not a picture");
        List<String> both =
                List.of(folder.resolve("10-text-stop.png") + "\tSTOP", folder.resolve("12-text-427.png") + "\t427");

        assertThat(pg("ocr", folder).lines()).isEqualTo(both);
        assertThat(pg("ocr", folder + "/*.png").lines()).isEqualTo(both);
        assertThat(pg("ocr", folder + "/**/*.png").lines()).isEqualTo(both);
        assertThat(pg("ocr", folder + "/1{2,3}-*.png").lines()).containsExactly("427");
        assertThat(pgReading(Files.readAllBytes(sample("10-text-stop.png")), "ocr", "-")
                        .lines())
                .containsExactly("STOP");
    }

    @Test
    void aFileWhoseNameLooksLikeAGlobIsAFile() throws IOException {
        Path odd = Files.copy(sample("10-text-stop.png"), folder.resolve("holiday[1].png"));
        assertThat(pg("ocr", odd).lines()).containsExactly("STOP");
    }

    @Test
    void aBadPictureIsReportedAndTheOthersGoOn() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.png"), "no picture", StandardCharsets.UTF_8);
        Path good = sample("10-text-stop.png");

        Run text = pg("ocr", "--quiet", broken, good, folder.resolve("absent.png"));
        assertThat(text.exitCode()).isEqualTo(1);
        assertThat(text.lines()).containsExactly(good + "\tSTOP");
        assertThat(text.err().lines()).hasSize(2).allMatch(line -> line.startsWith("pg: " + folder));

        Run json = pg("ocr", "--quiet", "--json", broken, good);
        assertThat(json.exitCode()).isEqualTo(1);
        assertThat(field(json.objects().get(0), "image")).isEqualTo(broken.toString());
        assertThat(field(json.objects().get(0), "error")).contains("broken.png");
        assertThat(field(json.objects().get(1), "text")).isEqualTo("STOP");
    }

    @Test
    void noTokensGiveAnEmptyText() {
        Run json = pg("caption", "--json", "--max-tokens", 0, sample("09-cyan-star.png"));
        assertThat(json.exitCode()).isZero();
        assertThat(json.object().path("text").stringValue()).isEmpty();
        assertThat(json.object().path("ids").isEmpty()).isTrue();
        assertThat(json.object().path("finish_reason").stringValue()).isEqualTo("length");

        Run text = pg("caption", "--max-tokens", 0, sample("09-cyan-star.png"));
        assertThat(text.out()).isEqualTo(System.lineSeparator());
    }

    @Test
    void saysThatTheDemoModelIsOneUnlessQuiet() {
        assertThat(pg("ocr", sample("10-text-stop.png")).err())
                .contains("demo model")
                .contains("tokens");
        assertThat(pg("ocr", "--quiet", sample("10-text-stop.png")).err()).isEmpty();
    }

    @Test
    void samplesRepeatWithTheirSeed() {
        Object[] arguments = {
            "caption",
            "--temperature",
            "3",
            "--top-k",
            "20",
            "--top-p",
            "0.95",
            "--seed",
            "7",
            sample("09-cyan-star.png")
        };
        Run once = pg(arguments);
        assertThat(once.exitCode()).isZero();
        assertThat(pg(arguments).out()).isEqualTo(once.out());
    }
}
