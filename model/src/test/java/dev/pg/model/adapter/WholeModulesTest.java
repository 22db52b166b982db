package dev.pg.model.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.model.ModelOptions;
import dev.pg.model.ModelOptions.AdapterUse;
import dev.pg.model.PaliGemma;
import dev.pg.model.Request;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.ImageReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Modules that an adapter holds whole ({@code modules_to_save}) against a base that has their tensors itself. */
class WholeModulesTest {
    private static final Path BASE = AdapterFolder.GOLDEN.resolve("paligemma2");
    private static final String ROOT = "base_model.model.";

    @TempDir
    Path directory;

    private Path adapter;
    private final Map<String, Tensor> base =
            Safetensors.open(BASE.resolve("model.safetensors"), Arena.ofAuto()).tensors();

    @BeforeEach
    void makeRoom() throws IOException {
        adapter = Files.createDirectory(directory.resolve("adapter"));
    }

    /** The tensor upside down. */
    private Tensor turned(String name) {
        float[] values = base.get(name).toFloats();
        for (int i = 0; i < values.length / 2; i++) {
            float value = values[i];
            values[i] = values[values.length - 1 - i];
            values[values.length - 1 - i] = value;
        }
        return Tensor.ofFloats(name, values, base.get(name).shape());
    }

    /** The adapter "rank" with tensors beside its updates. */
    private Adapter holding(String module, Tensor... tensors) {
        AdapterFolder.copy("rank", adapter)
                .config("\"modules_to_save\": null", "\"modules_to_save\": [\"" + module + "\"]")
                .add(List.of(tensors).stream()
                        .map(t -> t.withName(ROOT + t.name()))
                        .toList());
        return Adapter.open(adapter);
    }

    /** The base with tensors in place of its own, or beside them. */
    private Path baseWith(Tensor... tensors) throws IOException {
        Path out = Files.createDirectory(directory.resolve("base"));
        for (String file : List.of("tokenizer.model", "added_tokens.json", "preprocessor_config.json")) {
            Files.copy(BASE.resolve(file), out.resolve(file));
        }
        String config = Files.readString(BASE.resolve("config.json"));
        boolean head = List.of(tensors).stream().anyMatch(t -> t.name().contains("lm_head"));
        Files.writeString(
                out.resolve("config.json"),
                head ? config.replaceFirst("\\{", "{\"tie_word_embeddings\": false,") : config);
        List<Tensor> all = new ArrayList<>(base.values());
        for (Tensor tensor : tensors) {
            all.removeIf(t -> t.name().equals(tensor.name()));
            all.add(tensor);
        }
        Safetensors.write(out.resolve("model.safetensors"), all, Map.of());
        return out;
    }

    private static float[] logProbs(Path base, AdapterUse use, Adapter... adapters) throws IOException {
        ModelOptions options = ModelOptions.DEFAULT.withThreads(1).withAdapters(List.of(adapters), use);
        try (PaliGemma model = PaliGemma.open(base, options)) {
            return model.generate(
                            Request.of("caption en", ImageReader.read(BASE.resolve("image0.png"))),
                            GenerationOptions.DEFAULT.withMaxTokens(6).withLogProbs(true),
                            TokenListener.NONE)
                    .best()
                    .logProbs();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "multi_modal_projector, multi_modal_projector.linear.weight, multi_modal_projector.linear.weight",
        "post_layernorm, vision_tower.vision_model.post_layernorm.weight, vision_tower.vision_model.post_layernorm.weight",
        "lm_head, language_model.model.embed_tokens.weight, language_model.lm_head.weight"
    })
    void standsInPlaceOfTheBases(String module, String source, String name) throws IOException {
        Tensor other = turned(source).withName(name);
        Adapter whole = holding(module, other);
        Path changed = baseWith(other);
        Adapter plain = Adapter.open(AdapterFolder.GOLDEN.resolve("lora/rank"));
        for (AdapterUse use : AdapterUse.values()) {
            assertThat(logProbs(BASE, use, whole))
                    .isEqualTo(logProbs(changed, use, plain))
                    .isNotEqualTo(logProbs(BASE, use, plain));
        }
        Path merged = directory.resolve("merged");
        MergedCheckpoint.write(BASE, List.of(whole), merged);
        assertThat(logProbs(merged, AdapterUse.MERGED)).isEqualTo(logProbs(BASE, AdapterUse.MERGED, whole));
    }

    @Test
    void anotherShape() {
        float[] values = new float[7];
        Adapter whole = holding(
                "post_layernorm", Tensor.ofFloats("vision_tower.vision_model.post_layernorm.weight", values, 7));
        assertThatThrownBy(() -> logProbs(BASE, AdapterUse.BESIDE, whole))
                .isInstanceOf(PgException.class)
                .hasMessageContainingAll("post_layernorm", "[7]", "another base");
    }

    @Test
    void cannotBeWeightedOrSummed() {
        Adapter whole = holding("multi_modal_projector", turned("multi_modal_projector.linear.weight"));
        assertThatThrownBy(() -> whole.withWeight(0.5f))
                .isInstanceOf(PgException.class)
                .hasMessageContainingAll("multi_modal_projector", "weight 1");
        assertThatThrownBy(() -> logProbs(BASE, AdapterUse.BESIDE, whole, whole))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("another adapter");
    }
}
