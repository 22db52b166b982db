package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user sees when a checkpoint is not what it should be: cause, place, cure. */
class BadModelTest {
    private static final Path GOLDEN = Golden.TESTDATA.resolve("golden/paligemma2");

    @TempDir
    Path directory;

    @BeforeEach
    void copyAGoodOne() throws IOException {
        for (String file : List.of(
                "config.json", "generation_config.json", "model.safetensors", "tokenizer.model", "added_tokens.json")) {
            Files.copy(GOLDEN.resolve(file), directory.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private void caption(String prompt, int images) {
        try (PaliGemma model = PaliGemma.open(directory, ModelOptions.DEFAULT.withThreads(1))) {
            Golden golden = Golden.open("paligemma2");
            var picture = golden.image("image0.png");
            Image[] pictures = new Image[images];
            Arrays.fill(pictures, picture);
            model.generate(
                    Request.of(prompt, pictures), GenerationOptions.DEFAULT.withMaxTokens(2), TokenListener.NONE);
        }
    }

    private void assertRefused(String... parts) {
        assertThatThrownBy(() -> caption("caption en", 1))
                .isInstanceOf(PgException.class)
                .message()
                .contains(parts)
                .doesNotContain("\n");
    }

    private void rewrite(Function<Tensor, Tensor> change) {
        List<Tensor> tensors = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            for (Tensor tensor : Safetensors.open(GOLDEN.resolve("model.safetensors"), arena)
                    .tensors()
                    .values()) {
                Tensor changed = change.apply(tensor);
                if (changed != null) {
                    tensors.add(changed);
                }
            }
            Safetensors.write(directory.resolve("model.safetensors"), tensors, Map.of());
        }
    }

    private static Tensor only(String end, Tensor tensor, Function<Tensor, Tensor> change) {
        return tensor.name().endsWith(end) ? change.apply(tensor) : tensor;
    }

    @Test
    void aMissingDirectory() {
        assertThatThrownBy(() -> Model.open(directory.resolve("nowhere"), ModelOptions.DEFAULT))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("nowhere: no such directory");
    }

    @Test
    void aFileInsteadOfADirectory() {
        assertThatThrownBy(() -> Model.open(directory.resolve("config.json"), ModelOptions.DEFAULT))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("config.json: not a directory");
    }

    @Test
    void noConfig() throws IOException {
        Files.delete(directory.resolve("config.json"));
        assertRefused("no config.json");
    }

    @Test
    void anUnknownArchitecture() throws IOException {
        Files.writeString(directory.resolve("config.json"), "{\"model_type\": \"llama\"}");
        assertRefused("config.json", "\"llama\"", "paligemma");
    }

    @Test
    void noWeights() throws IOException {
        Files.delete(directory.resolve("model.safetensors"));
        assertRefused(directory.toString(), "safetensors");
    }

    @Test
    void truncatedWeights() throws IOException {
        byte[] bytes = Files.readAllBytes(GOLDEN.resolve("model.safetensors"));
        Files.write(directory.resolve("model.safetensors"), Arrays.copyOf(bytes, bytes.length - 1000));
        assertRefused("model.safetensors");
    }

    @Test
    void aMissingTensor() {
        rewrite(tensor -> only("layers.1.mlp.up_proj.weight", tensor, t -> null));
        assertRefused("layers.1.mlp.up_proj.weight");
    }

    @Test
    void aTensorOfAnotherShape() {
        rewrite(tensor -> only(
                "layers.1.mlp.up_proj.weight", tensor, t -> Tensor.ofFloats(t.name(), new float[50 * 48], 50, 48)));
        assertRefused("layers.1.mlp.up_proj.weight", "[50, 48]", "[100, 48]");
    }

    @Test
    void notANumberInAMatrix() {
        rewrite(tensor -> only("layers.2.mlp.up_proj.weight", tensor, BadModelTest::withNan));
        assertRefused("layers.2.mlp.up_proj.weight", "NaN");
    }

    @Test
    void notANumberInANorm() {
        rewrite(tensor -> only("layers.2.input_layernorm.weight", tensor, BadModelTest::withNan));
        assertRefused("layers.2.input_layernorm.weight", "NaN");
    }

    private static Tensor withNan(Tensor tensor) {
        float[] values = tensor.toFloats();
        values[values.length / 2] = Float.NaN;
        return Tensor.ofFloats(tensor.name(), values, tensor.shape());
    }

    @Test
    void picturesOfAnotherSize() throws IOException {
        Files.writeString(directory.resolve("preprocessor_config.json"), "{\"size\": {\"height\": 28, \"width\": 28}}");
        assertRefused("preprocessor_config.json", "28 x 28", "56 x 56");
    }

    @Test
    void aTokenizerWithMoreTokensThanTheModel() throws IOException {
        Files.writeString(directory.resolve("added_tokens.json"), "{\"<image>\": 2112, \"<more>\": 5000}");
        assertRefused("tokenizer", "2176");
    }

    @Test
    void aTokenizerWithoutTheImageToken() throws IOException {
        Files.delete(directory.resolve("added_tokens.json"));
        assertRefused("<image>");
    }

    @Test
    void aTokenizerOfAnotherModel() throws IOException {
        Files.writeString(directory.resolve("added_tokens.json"), "{\"<image>\": 2113}");
        assertRefused("<image>", "2112");
    }

    @Test
    void aPromptLongerThanTheContext() {
        assertThatThrownBy(() -> caption("word ".repeat(9000), 1))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("8192");
    }

    @Test
    void moreMarksThanPictures() {
        assertThatThrownBy(() -> caption("<image><image>compare", 1))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("32 image tokens")
                .hasMessageContaining("16");
    }

    @Test
    void aClosedModel() {
        PaliGemma model = PaliGemma.open(directory, ModelOptions.DEFAULT.withThreads(1));
        model.close();
        assertThatThrownBy(
                        () -> model.generate(Request.of(new int[] {2}), GenerationOptions.DEFAULT, TokenListener.NONE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }
}
