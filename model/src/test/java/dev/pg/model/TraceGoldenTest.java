package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.Tensor;
import dev.pg.model.image.Image;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Every intermediate tensor equals the reference implementation's. */
class TraceGoldenTest {
    private static List<Tensor> trace(Golden golden, TraceInput input) {
        try (Model model = Model.open(golden.directory(), ModelOptions.DEFAULT)) {
            return Trace.run(model, input);
        }
    }

    private static TraceInput prompt(String prompt, Optional<String> suffix, Image... images) {
        return new TraceInput(
                List.of(images), Optional.empty(), Optional.empty(), List.of(prompt), Optional.empty(), suffix);
    }

    private static TraceInput ids(Tensor ids, Optional<Tensor> pixels) {
        int[] values = Arrays.stream(ids.toLongs()).mapToInt(Math::toIntExact).toArray();
        return new TraceInput(List.of(), pixels, Optional.empty(), List.of(), Optional.of(values), Optional.empty());
    }

    private static void assertInput(Golden golden, String name, List<Tensor> trace) {
        Tensor want = golden.inputs().get(name);
        String plain = name.substring(name.indexOf('.') + 1);
        Tensor got =
                trace.stream().filter(t -> t.name().equals(plain)).findFirst().orElseThrow();
        assertThat(got.data().mismatch(want.data())).as(name).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"paligemma1", "paligemma2"})
    void pictureAndPrompt(String name) {
        Golden golden = Golden.open(name);
        String prompt = "<image>answer en how many people are in the picture?";
        List<Tensor> trace = trace(golden, prompt(prompt, Optional.empty(), golden.image("image0.png")));
        assertInput(golden, "single.pixel_values", trace);
        assertInput(golden, "single.input_ids", trace);
        golden.assertAgrees("single.", trace);
    }

    @ParameterizedTest
    @ValueSource(strings = {"paligemma1", "paligemma2"})
    void twoPicturesInOnePrompt(String name) {
        Golden golden = Golden.open(name);
        List<Tensor> trace = trace(
                golden, prompt("compare en", Optional.empty(), golden.image("image0.png"), golden.image("image1.png")));
        assertInput(golden, "pair.input_ids", trace);
        golden.assertAgrees("pair.", trace);
    }

    @ParameterizedTest
    @ValueSource(strings = {"paligemma1", "paligemma2"})
    void suffixIsCausalAndWindowed(String name) {
        Golden golden = Golden.open(name);
        List<Tensor> trace = trace(
                golden,
                prompt(
                        "answer en how many people are in the picture?",
                        Optional.of("two <loc0012><loc0345><loc0678><loc0901> cat"),
                        golden.image("image0.png")));
        assertInput(golden, "suffix.input_ids", trace);
        golden.assertAgrees("suffix.", trace);
    }

    @ParameterizedTest
    @ValueSource(strings = {"f16", "bf16", "mixed", "sharded", "names-nested", "names-saved5"})
    void storageVariants(String name) {
        Golden golden = Golden.open("paligemma2-variants/" + name);
        Map<String, Tensor> inputs = Golden.open("paligemma2").inputs();
        List<Tensor> trace =
                trace(golden, ids(inputs.get("single.input_ids"), Optional.of(inputs.get("single.pixel_values"))));
        Tensor logits = trace.stream()
                .filter(t -> t.name().equals("logits"))
                .findFirst()
                .orElseThrow();
        golden.assertAgrees("", List.of(last(trace), logits.withName("logits_tail")));
    }

    private static Tensor last(List<Tensor> trace) {
        return trace.stream()
                .filter(t -> t.name().equals("last_logits"))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gemma1-text", "gemma2-text"})
    void textOnly(String name) {
        Golden golden = Golden.open(name);
        golden.assertAgrees("", trace(golden, ids(golden.inputs().get("input_ids"), Optional.empty())));
    }

    @Test
    void visionOnly() {
        Golden golden = Golden.open("siglip-vision");
        golden.withoutPrefix("interpolated.").assertAgrees("", visionTrace(golden, "pixel_values"));
    }

    @Test
    void visionOnlyAtAnotherResolution() {
        Golden golden = Golden.open("siglip-vision");
        golden.assertAgrees("interpolated.", visionTrace(golden, "interpolated.pixel_values"));
    }

    private static List<Tensor> visionTrace(Golden golden, String pixels, String... texts) {
        return trace(
                golden,
                new TraceInput(
                        List.of(),
                        Optional.of(golden.inputs().get(pixels)),
                        Optional.ofNullable(golden.inputs().get("spatial_shapes")),
                        List.of(texts),
                        Optional.empty(),
                        Optional.empty()));
    }

    @Test
    void sigLipFromPicturesAndTexts() {
        Golden golden = Golden.open("siglip-dual");
        List<Tensor> trace = trace(golden, dual(golden));
        assertInput(golden, "pixel_values", trace);
        assertInput(golden, "input_ids", trace);
        golden.assertAgrees("", trace);
    }

    /** From pixels, since the reference cuts its patches itself. */
    @Test
    void naFlexFromPatchesAndTexts() {
        Golden golden = Golden.open("siglip2-naflex");
        golden.assertAgrees("", visionTrace(golden, "pixel_values", texts(golden)));
    }

    @Test
    void naFlexFromPicturesAndTexts() {
        Golden golden = Golden.open("siglip2-naflex");
        List<Tensor> trace = trace(golden, dual(golden));
        assertInput(golden, "pixel_values", trace);
        assertInput(golden, "spatial_shapes", trace);
        assertInput(golden, "input_ids", trace);
        golden.assertAgrees("", trace);
    }

    private static TraceInput dual(Golden golden) {
        List<Image> images = Golden.json(golden.directory().resolve("cases.json"))
                .path("images")
                .valueStream()
                .map(name -> golden.image(name.stringValue()))
                .toList();
        return new TraceInput(
                images, Optional.empty(), Optional.empty(), List.of(texts(golden)), Optional.empty(), Optional.empty());
    }

    private static String[] texts(Golden golden) {
        return Golden.json(golden.directory().resolve("cases.json"))
                .path("texts")
                .valueStream()
                .map(JsonNode::stringValue)
                .toArray(String[]::new);
    }
}
