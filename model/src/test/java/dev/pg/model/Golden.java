package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.model.image.Image;
import dev.pg.model.image.ImageReader;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One folder of reference values: {@code expected.json} with the tolerances, {@code expected.safetensors} with the tensors. */
record Golden(Path directory, JsonNode expected, Map<String, Tensor> tensors) {
    static final Path TESTDATA = Path.of(System.getProperty("pg.testdata"));

    static Golden open(String name) {
        Path directory = TESTDATA.resolve("golden").resolve(name);
        return new Golden(
                directory,
                json(directory.resolve("expected.json")),
                Safetensors.open(directory.resolve("expected.safetensors"), Arena.ofAuto())
                        .tensors());
    }

    static JsonNode json(Path file) {
        return JsonMapper.builder().build().readTree(file.toFile());
    }

    Map<String, Tensor> inputs() {
        return Safetensors.open(directory.resolve("inputs.safetensors"), Arena.ofAuto())
                .tensors();
    }

    Image image(String name) {
        return ImageReader.read(directory.resolve(name));
    }

    /** Without the tensors whose names start with {@code prefix}. */
    Golden withoutPrefix(String prefix) {
        Map<String, Tensor> rest = new LinkedHashMap<>(tensors);
        rest.keySet().removeIf(name -> name.startsWith(prefix));
        return new Golden(directory, expected, rest);
    }

    /** Asserts every expected tensor whose name starts with {@code prefix} against its namesake in {@code actual}. */
    void assertAgrees(String prefix, List<Tensor> actual) {
        Map<String, Tensor> byName = actual.stream().collect(Collectors.toMap(Tensor::name, Function.identity()));
        int compared = 0;
        for (Tensor want : tensors.values()) {
            if (want.name().startsWith(prefix)) {
                Tensor got = byName.get(want.name().substring(prefix.length()));
                assertThat(got).as(want.name()).isNotNull();
                assertAgrees(want, got);
                compared++;
            }
        }
        assertThat(compared).isPositive();
    }

    private void assertAgrees(Tensor want, Tensor got) {
        String name = want.name();
        JsonNode shapes = expected.get("spatial_shapes");
        if (shapes != null && want.rank() == 3) {
            assertPicturesClose(name, shapes, want, got);
            return;
        }
        switch (want.dtype()) {
            case U8 -> assertThat(got.data().mismatch(want.data())).as(name).isEqualTo(-1);
            case F32 -> assertClose(name, want.toFloats(), rows(name, want, got));
            default -> throw new AssertionError(want);
        }
    }

    /** NaFlex pictures are filled up to a common number of patches, and what stands there means nothing. */
    private void assertPicturesClose(String name, JsonNode shapes, Tensor want, Tensor got) {
        assertThat(got.shape()).as(name).isEqualTo(want.shape());
        int length = (int) (want.dim(1) * want.dim(2));
        for (int i = 0; i < want.dim(0); i++) {
            JsonNode shape = shapes.get(i);
            int patches = shape.get(0).intValue() * shape.get(1).intValue();
            int from = i * length;
            int to = from + patches * (int) want.dim(2);
            assertClose(
                    name, Arrays.copyOfRange(want.toFloats(), from, to), Arrays.copyOfRange(got.toFloats(), from, to));
        }
    }

    /** Where the reference keeps some rows of the logits only, those rows of ours. */
    private float[] rows(String name, Tensor want, Tensor got) {
        float[] all = got.toFloats();
        if (want.elements() == got.elements()) {
            assertThat(got.shape()).as(name).isEqualTo(want.shape());
            return all;
        }
        if (want.dim(0) < got.dim(0)) { // the first texts only
            return Arrays.copyOf(all, (int) want.elements());
        }
        int cols = (int) want.dim(2);
        int rows = (int) want.dim(1);
        JsonNode listed =
                name.equals("single.logits") ? expected.get("logits_rows").get("single") : null;
        float[] out = new float[rows * cols];
        for (int r = 0; r < rows; r++) {
            int row =
                    listed == null ? (int) got.dim(1) - rows + r : listed.get(r).intValue();
            System.arraycopy(all, row * cols, out, r * cols, cols);
        }
        return out;
    }

    /** The tolerance that the reference suggests; for logits also 1e-4 of the largest. */
    private void assertClose(String name, float[] want, float[] got) {
        JsonNode facts = expected.get("tensors").get(name);
        double tolerance = facts.get("suggested_max_abs_tolerance").doubleValue();
        if (name.contains("logits")) {
            tolerance = Math.min(tolerance, 1e-4 * facts.get("max_abs").doubleValue());
        }
        assertThat(got).as(name).hasSameSizeAs(want);
        double worst = 0;
        for (int i = 0; i < want.length; i++) {
            double difference = Math.abs((double) want[i] - got[i]);
            worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
        }
        assertThat(worst).as(name).isLessThanOrEqualTo(tolerance);
    }
}
