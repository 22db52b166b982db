package dev.pg.cli;

import static dev.pg.cli.Run.pg;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** pg embed and pg classify, against the reference's values. */
class EmbedCommandTest {
    private static final Path GOLDEN = Run.TESTDATA.resolve("golden");
    private static final Path DUAL = GOLDEN.resolve("siglip-dual");
    private static final Path PICTURE = DUAL.resolve("image0.png");

    @TempDir
    Path folder;

    private static Map<String, Tensor> tensors(Path file) {
        return Safetensors.open(file, Arena.ofAuto()).tensors();
    }

    private static float[] expected(Path model, String name) {
        return tensors(model.resolve("expected.safetensors")).get(name).toFloats();
    }

    private static List<String> strings(Path model, String key) {
        return Run.json(model.resolve("cases.json"))
                .path(key)
                .valueStream()
                .map(JsonNode::stringValue)
                .toList();
    }

    /** {@code embed}, all pictures and texts of a case, and further arguments. */
    private static Run embedAll(Path model, Object... more) {
        Stream<Object> images =
                strings(model, "images").stream().flatMap(name -> Stream.of("--image", model.resolve(name)));
        Stream<Object> texts = strings(model, "texts").stream().map(text -> "--text=" + text);
        return pg(Stream.of(Stream.of("embed", "--model", model), images, texts, Stream.of(more))
                .flatMap(all -> all)
                .toArray());
    }

    private static void assertClose(float[] got, float[] want) {
        assertThat(got).hasSameSizeAs(want);
        for (int i = 0; i < want.length; i++) {
            assertThat(got[i]).isCloseTo(want[i], within(2e-6f));
        }
    }

    private static float[] floats(JsonNode array) {
        float[] out = new float[array.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = array.get(i).floatValue();
        }
        return out;
    }

    @ParameterizedTest
    @ValueSource(strings = {"siglip-dual", "siglip2-naflex"})
    void jsonLinesHoldTheReferencesEmbeddings(String name) {
        Path model = GOLDEN.resolve(name);
        Run run = embedAll(model, "--json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        int images = strings(model, "images").size();
        for (int i = 0; i < run.objects().size(); i++) {
            JsonNode object = run.objects().get(i);
            boolean picture = i < images;
            float[] all = expected(model, picture ? "image_embeds" : "text_embeds");
            int row = picture ? i : i - images;
            assertThat(object.path(picture ? "image" : "text").stringValue())
                    .endsWith(strings(model, picture ? "images" : "texts").get(row));
            assertClose(floats(object.path("embedding")), Arrays.copyOfRange(all, row * 54, (row + 1) * 54));
        }
        assertThat(run.objects()).hasSize(images + strings(model, "texts").size());
    }

    @Test
    void safetensorsAndNpyHoldTheSame() throws IOException {
        Path safetensors = folder.resolve("e.safetensors");
        Path npy = folder.resolve("e.npy");
        assertThat(embedAll(DUAL, "--out", safetensors).exitCode()).isZero();
        assertThat(embedAll(DUAL, "--out", npy).out()).isEmpty();
        float[] images = tensors(safetensors).get("image_embeds").toFloats();
        float[] texts = tensors(safetensors).get("text_embeds").toFloats();
        assertThat(tensors(safetensors).get("text_embeds").shape()).containsExactly(17, 54);
        assertClose(images, expected(DUAL, "image_embeds"));
        assertClose(texts, expected(DUAL, "text_embeds"));
        assertThat(Safetensors.open(safetensors, Arena.ofAuto()).metadata().get("images"))
                .contains("image0.png");

        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(npy)).order(ByteOrder.LITTLE_ENDIAN);
        int header = 10 + bytes.getShort(8);
        assertThat(header % 64).isZero();
        assertThat(new String(bytes.array(), 10, header - 10, StandardCharsets.US_ASCII))
                .startsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (20, 54), }")
                .endsWith("\n");
        float[] all = new float[20 * 54];
        bytes.position(header)
                .order(ByteOrder.LITTLE_ENDIAN)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(all);
        assertThat(Arrays.copyOf(all, images.length)).containsExactly(images);
        assertThat(Arrays.copyOfRange(all, images.length, all.length)).containsExactly(texts);
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).containsExactlyInAnyOrder(safetensors, npy);
        }
    }

    @Test
    void oneOptionTakesAllFilesThatAShellPutsBehindIt() {
        Run run = pg("embed", "--json", "--model", DUAL, "--image", PICTURE, DUAL.resolve("image1.png"), "--text", "a");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.objects()).hasSize(3);
        assertThat(run.objects().get(1).path("image").stringValue()).endsWith("image1.png");
        assertThat(run.objects().get(2).path("text").stringValue()).isEqualTo("a");
    }

    @Test
    void rawVectorsAreThePoolersOutput() {
        Run run = pg("embed", "--model", DUAL, "--raw", "--json", "--image", PICTURE);
        float[] want = Arrays.copyOf(expected(DUAL, "vision.pooler_output"), 54);
        float[] got = floats(run.object().path("embedding"));
        for (int i = 0; i < want.length; i++) {
            assertThat(got[i]).isCloseTo(want[i], within(5e-5f));
        }
    }

    @Test
    void patchesAreManyVectors() {
        Path out = folder.resolve("p.safetensors");
        Path paligemma = GOLDEN.resolve("paligemma2");
        Run run = pg("embed", "--model", paligemma, "--pool", "none", "--raw", "--image", PICTURE, "--out", out);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(tensors(out).get("image.0").shape()).containsExactly(16, 54);

        Run json = pg("embed", "--model", DUAL, "--pool", "none", "--json", "--image", PICTURE);
        assertThat(json.object().path("embeddings").size()).isEqualTo(16);

        Path naflex = GOLDEN.resolve("siglip2-naflex");
        Path npy = folder.resolve("p.npy");
        Run ragged = embedAll(naflex, "--pool", "none", "--out", npy);
        assertThat(ragged.exitCode()).isEqualTo(1);
        assertThat(ragged.err()).contains("safetensors");
        assertThat(npy).doesNotExist();
    }

    @Test
    void colPaliHasPagesAndQueries() {
        Path model = GOLDEN.resolve("colpali");
        JsonNode cases = Run.json(model.resolve("cases.json"));
        String query = cases.path("queries").get(1).stringValue();
        String page = cases.path("pages").get(0).stringValue();
        Path out = folder.resolve("c.safetensors");
        Object[] what = {"--image", model.resolve(page), "--text", query};
        Run run = pg(Stream.concat(Stream.of("embed", "--model", model, "--out", out), Stream.of(what))
                .toArray());
        assertThat(run.exitCode()).as(run.err()).isZero();
        float[] want = expected(model, "query1.embeddings");
        float[] got = tensors(out).get("query.0").toFloats();
        assertThat(got).hasSameSizeAs(want);
        for (int i = 0; i < want.length; i++) {
            assertThat(got[i]).isCloseTo(want[i], within(5e-6f));
        }
        assertThat(tensors(out).get("page.0").shape()).containsExactly(80, 32);
        Run json = pg(Stream.concat(Stream.of("embed", "--model", model, "--json"), Stream.of(what))
                .toArray());
        assertThat(json.objects().get(0).path("embeddings").size()).isEqualTo(80);
        assertThat(json.objects().get(1).path("embeddings").size()).isEqualTo(want.length / 32);
    }

    @Test
    void aBadPictureAmongManyIsReportedAndSkipped() throws IOException {
        for (int i = 0; i < 70; i++) {
            Path file = folder.resolve("%02d.png".formatted(i));
            if (i == 41) {
                Files.writeString(file, "no picture");
            } else {
                Files.copy(PICTURE, file);
            }
        }
        Run run = pg("embed", "--model", DUAL, "--json", "--image", folder);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err().lines()).hasSize(1).allMatch(line -> line.contains("41.png"));
        assertThat(run.objects()).hasSize(70);
        assertThat(run.objects().get(41).path("error").stringValue()).contains("no picture");
        assertThat(run.objects().get(69)).isNotNull();
        assertThat(floats(run.objects().get(69).path("embedding")))
                .containsExactly(floats(run.objects().get(68).path("embedding")));

        Path out = folder.resolve("all.safetensors");
        assertThat(pg("embed", "--model", DUAL, "--image", folder, "--out", out).exitCode())
                .isEqualTo(1);
        assertThat(tensors(out).get("image_embeds").shape()).containsExactly(69, 54);
    }

    @Test
    void longTextsAreCutAndThatIsSaidOnce() {
        String text = "a cat ".repeat(100);
        Run run = pg("embed", "--model", DUAL, "--text", text, "--text", text + "x", "--text", "short");
        assertThat(run.exitCode()).isZero();
        assertThat(run.err().lines())
                .containsExactly("pg: 2 texts are longer than the model reads; the rest was cut off");
    }

    @Test
    void whatCannotBeIsMisuseOrFailure() {
        assertThat(pg("embed", "--model", DUAL).exitCode()).isEqualTo(2);
        assertThat(pg("embed", "--model", DUAL, "--text", "a", "--out", "x.txt").err())
                .contains(".safetensors or .npy");
        assertThat(pg("embed", "--model", DUAL, "--text", "a", "--max-patches", 0)
                        .exitCode())
                .isEqualTo(2);
        Run fixed = pg("embed", "--model", DUAL, "--image", PICTURE, "--max-patches", 9);
        assertThat(fixed.exitCode()).isEqualTo(1);
        assertThat(fixed.err()).contains("only a NaFlex model");
        assertThat(pg("embed", "--model", GOLDEN.resolve("gemma2-text"), "--text", "a")
                        .err())
                .contains("a Gemma 2 checkpoint, which writes text", "cannot embed");
        assertThat(pg("embed", "--model", GOLDEN.resolve("siglip-vision"), "--text", "a")
                        .err())
                .contains("no text tower");
    }

    @ParameterizedTest
    @ValueSource(strings = {"siglip-dual", "siglip2-naflex"})
    void classifiesAsTheReference(String name) throws IOException {
        Path model = GOLDEN.resolve(name);
        List<String> texts = strings(model, "texts");
        float[] want = expected(model, "probabilities");
        Path labels = folder.resolve("labels.txt");
        // A label is a line, without space around it.
        List<String> lines = texts.stream()
                .filter(text -> !text.isBlank()
                        && text.equals(text.strip())
                        && text.lines().count() == 1)
                .toList();
        Files.write(labels, lines);
        Object[] images = strings(model, "images").stream().map(model::resolve).toArray();
        Run run = pg(Stream.concat(
                        Stream.of("classify", "--model", model, "--json", "--labels", "@" + labels), Stream.of(images))
                .toArray());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.objects()).hasSize(images.length);
        for (int i = 0; i < images.length; i++) {
            JsonNode probabilities = run.objects().get(i).path("probabilities");
            assertThat(probabilities.size()).isEqualTo(lines.size());
            for (String label : lines) {
                assertThat(probabilities.path(label).floatValue())
                        .as(label)
                        .isCloseTo(want[i * texts.size() + texts.indexOf(label)], within(2e-6f));
            }
        }
    }

    @Test
    void aTemplateMakesSentencesOfLabels() {
        Run run = pg(
                "classify",
                "--model",
                DUAL,
                "--labels",
                "a cat, a dog",
                "--template",
                "This is a photo of {}.",
                "--json",
                PICTURE);
        float[] want = expected(DUAL, "probabilities");
        int column = strings(DUAL, "texts").indexOf("This is a photo of a cat.");
        assertThat(run.object().path("probabilities").path("a cat").floatValue())
                .isCloseTo(want[column], within(2e-6f));

        Run people = pg("classify", "--model", DUAL, "--labels", "a,b,c", PICTURE, DUAL.resolve("image1.png"));
        assertThat(people.lines()).hasSize(6).allMatch(line -> line.matches(".*image[01]\\.png\t0\\.\\d{4}\t[abc]"));
        List<String> likeliest = people.lines().subList(0, 3).stream()
                .map(line -> line.replaceAll(".*\t(0\\.\\d+)\t.*", "$1"))
                .toList();
        assertThat(likeliest).isSortedAccordingTo(Comparator.reverseOrder());
    }

    @Test
    void labelsThatMakeNoSense() throws IOException {
        for (String labels : List.of("", ",", " , ", "a,b,a")) {
            assertThat(pg("classify", "--model", DUAL, "--labels=" + labels, PICTURE)
                            .exitCode())
                    .as(labels)
                    .isEqualTo(2);
        }
        Path empty = Files.createFile(folder.resolve("empty.txt"));
        assertThat(pg("classify", "--model", DUAL, "--labels", "@" + empty, PICTURE)
                        .err())
                .contains("names no label");
        assertThat(pg("classify", "--model", DUAL, "--labels", "@nowhere.txt", PICTURE)
                        .err())
                .contains("nowhere.txt");
        Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff, 0, (byte) 0xfe});
        assertThat(pg("classify", "--model", DUAL, "--labels", "@" + binary, PICTURE)
                        .err())
                .contains("UTF-8");
        assertThat(pg("classify", "--model", DUAL, "--labels", "a", "--template", "photo", PICTURE)
                        .err())
                .contains("{}");
        assertThat(pg("classify", "--model", GOLDEN.resolve("siglip-vision"), "--labels", "a", PICTURE)
                        .err())
                .contains("no text tower");
        assertThat(pg("classify", "--model", GOLDEN.resolve("paligemma2"), "--labels", "a", PICTURE)
                        .err())
                .contains("a PaliGemma checkpoint", "cannot classify");
    }

    @Test
    void theBarSaysHowFarItIs() {
        assertThat(Progress.bar(15, 30, 3)).isEqualTo("[===============               ] 15/30, 5.0/s, 3 s left ");
        assertThat(Progress.bar(30, 30, 3)).startsWith("[" + "=".repeat(30) + "] 30/30");
    }
}
