package dev.pg.model.adapter;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.model.Model;
import dev.pg.model.ModelOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user sees when an adapter is not what it should be: cause, place, cure. */
class BadAdapterTest {
    private static final String DOWN = "language_model.model.layers.1.mlp.down_proj";

    @TempDir
    Path directory;

    private AdapterFolder adapter;

    @BeforeEach
    void copyAGoodOne() {
        adapter = AdapterFolder.copy("rank", directory);
    }

    private void assertRefused(String... parts) {
        assertRefusedOn("paligemma2", parts);
    }

    private void assertRefusedOn(String base, String... parts) {
        assertThatThrownBy(() -> {
                    try (Model model =
                            Model.open(AdapterFolder.GOLDEN.resolve(base), ModelOptions.DEFAULT.withThreads(1))) {
                        model.withAdapters(List.of(Adapter.open(directory)));
                    }
                })
                .isInstanceOf(PgException.class)
                .hasMessageContainingAll(parts);
    }

    private static Tensor drop(String part, Tensor tensor) {
        return tensor.name().contains(part) ? null : tensor;
    }

    @Test
    void anotherBase() {
        assertRefusedOn("paligemma1", "[80, 48]", "paligemma1", "google/paligemma2-3b-pt-224");
    }

    @Test
    void aBaseWithoutTheLayers() {
        assertRefusedOn("siglip-vision", "language_model.model.layers.0", "siglip-vision");
    }

    @Test
    void halfAPair() {
        adapter.tensors(t -> drop(DOWN + ".lora_B", t));
        assertRefused(DOWN, "lora_B");
        adapter = AdapterFolder.copy("rank", directory).tensors(t -> drop(DOWN + ".lora_A", t));
        assertRefused(DOWN, "lora_A");
    }

    @Test
    void aMissingPair() {
        adapter.tensors(t -> drop(DOWN, t));
        assertRefused(DOWN, "target_modules");
    }

    @Test
    void layersToTransformDoesNotNarrowAnExpression() {
        adapter.tensors(t -> drop("layers.1.", t))
                .config("\"layers_to_transform\": null", "\"layers_to_transform\": [0, 2, 3]");
        // As in PEFT, an expression says by itself which layers it means: layers_to_transform narrows a list of names
        // only.
        assertRefused("layers.1.", "target_modules");
    }

    @Test
    void aTensorTooMany() {
        adapter.tensors(t -> t.name().contains(DOWN + ".lora_B")
                ? t.withName("base_model.model." + DOWN + ".lora_magnitude_vector")
                : t);
        assertRefused("lora_magnitude_vector", "target_modules");
    }

    @Test
    void aModuleThatTheConfigurationDoesNotName() {
        adapter.config("|down_proj)", ")");
        assertRefused("down_proj", "target_modules");
    }

    @Test
    void notANumber() {
        adapter.tensors(t -> {
            if (!t.name().contains(DOWN + ".lora_B")) {
                return t;
            }
            float[] values = t.toFloats();
            values[3] = Float.NaN;
            return Tensor.ofFloats(t.name(), values, t.shape());
        });
        assertRefused(DOWN, "NaN");
    }

    @Test
    void rankZero() {
        adapter.config("\"r\": 16", "\"r\": 0");
        assertRefused("adapter_config.json", "\"r\" is 0");
    }

    @Test
    void anotherRankThanTheTensors() {
        adapter.config("\"r\": 16", "\"r\": 8");
        assertRefused("rank 16", "says 8");
    }

    @Test
    void anEmptyTensor() {
        adapter.config("\"rank_pattern\": {}", "\"rank_pattern\": {\"" + DOWN + "\": 0}");
        assertRefused("rank_pattern", DOWN);
    }

    @Test
    void otherMethods() {
        adapter.config("\"use_dora\": false", "\"use_dora\": true");
        assertRefused("DoRA", "use_dora");
        AdapterFolder.copy("rank", directory).config("\"LORA\"", "\"IA3\"");
        assertRefused("peft_type", "IA3");
        AdapterFolder.copy("rank", directory).config("\"use_qalora\": false", "\"use_qalora\": true");
        assertRefused("use_qalora", "not supported");
        AdapterFolder.copy("rank", directory)
                .config("\"layer_replication\": null", "\"layer_replication\": [[0, 2], [1, 3]]");
        assertRefused("layer_replication", "not supported");
        AdapterFolder.copy("rank", directory).config("\"init_lora_weights\": true", "\"init_lora_weights\": \"pissa\"");
        assertRefused("pissa");
    }

    @Test
    void anExpressionThatNeverEnds() {
        adapter.config(
                "(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)!");
        assertRefused("too long");
    }

    @Test
    void noExpression() {
        adapter.config("|down_proj)", "|down_proj");
        assertRefused("target_modules", "regular expression");
    }

    @Test
    void noAdapter() throws IOException {
        Files.delete(directory.resolve(Adapter.FILE));
        assertRefused("no adapter_model.safetensors");
        Files.delete(directory.resolve(AdapterConfig.FILE));
        assertRefused("no adapter_config.json");
    }

    @Test
    void aWeightThatIsNone() {
        assertThatThrownBy(() -> Adapter.open(directory).withWeight(Float.NaN)).isInstanceOf(PgException.class);
    }
}
