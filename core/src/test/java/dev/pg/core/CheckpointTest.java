package dev.pg.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
    private static final Path GOLDEN = Path.of(System.getProperty("pg.testdata"), "golden");

    @TempDir
    private Path dir;

    /** The same weights in one file and in three. */
    @Test
    void shardsHoldWhatTheSingleFileHolds() {
        try (Checkpoint single = Checkpoint.open(GOLDEN.resolve("paligemma2-variants/bf16"));
                Checkpoint sharded = Checkpoint.open(GOLDEN.resolve("paligemma2-variants/sharded"))) {
            assertThat(sharded.names()).isNotEmpty().isEqualTo(single.names());
            assertThat(sharded.bytes()).isEqualTo(single.bytes());
            for (String name : single.names()) {
                SafetensorsTest.assertSame(sharded.tensor(name), single.tensor(name));
            }
        }
    }

    @Test
    void nothingIsTheLargestOfNone() {
        Safetensors.write(dir.resolve("model.safetensors"), List.of(), Map.of());
        try (Checkpoint checkpoint = Checkpoint.open(dir)) {
            assertThat(catchThrowable(checkpoint::largest))
                    .isInstanceOf(PgException.class)
                    .hasMessageStartingWith(dir + ": no tensors");
        }
    }

    @Test
    void tensorsAreFoundByNameAndCheckedAgainstTheConfig() {
        Safetensors.write(
                dir.resolve("model.safetensors"),
                List.of(floats("q_proj", 2, 3), floats("norm", 4)),
                Map.of("format", "pt"));
        try (Checkpoint checkpoint = Checkpoint.open(dir)) {
            assertThat(checkpoint.directory()).isEqualTo(dir);
            assertThat(checkpoint.names()).containsExactly("q_proj", "norm");
            assertThat(checkpoint.has("norm")).isTrue();
            assertThat(checkpoint.has("Norm")).isFalse();
            assertThat(checkpoint.metadata()).containsExactly(Map.entry("format", "pt"));
            assertThat(checkpoint.bytes()).isEqualTo((2 * 3 + 4) * Float.BYTES);
            assertThat(checkpoint.largest().name()).isEqualTo("q_proj");
            assertThat(checkpoint.tensor("q_proj", 2, 3).toFloats()).containsExactly(0, 1, 2, 3, 4, 5);
            assertThat(catchThrowable(() -> checkpoint.tensor("q_proj", 2, 2)))
                    .isInstanceOf(PgException.class)
                    .hasMessageStartingWith(dir + ": tensor \"q_proj\" is [2, 3], config.json says [2, 2]");
            assertThat(catchThrowable(() -> checkpoint.tensor("q_proj", 6))).isInstanceOf(PgException.class);
            assertThat(catchThrowable(() -> checkpoint.tensor("k_proj")))
                    .isInstanceOf(PgException.class)
                    .hasMessageStartingWith(dir + ": no tensor \"k_proj\" among its 2");
        }
    }

    @Test
    void closingUnmaps() {
        Safetensors.write(dir.resolve("model.safetensors"), List.of(floats("x", 4)), Map.of());
        Checkpoint checkpoint = Checkpoint.open(dir);
        Tensor x = checkpoint.tensor("x");
        checkpoint.close();
        checkpoint.close();
        assertThatIllegalStateException().isThrownBy(x::toFloats);
    }

    @Test
    void theSingleFileGoesBeforeTheIndex() throws IOException {
        Safetensors.write(dir.resolve("model.safetensors"), List.of(floats("x", 1)), Map.of());
        index("{");
        try (Checkpoint checkpoint = Checkpoint.open(dir)) {
            assertThat(checkpoint.names()).containsExactly("x");
        }
    }

    @Test
    void tensorsOutsideTheIndexStayInvisible() throws IOException {
        Safetensors.write(dir.resolve("a.safetensors"), List.of(floats("x", 1), floats("stray", 1)), Map.of("k", "a"));
        Safetensors.write(dir.resolve("b.safetensors"), List.of(floats("y", 2), floats("x", 3)), Map.of("l", "b"));
        index("{\"metadata\":{\"total_size\":12},\"weight_map\":{\"y\":\"b.safetensors\",\"x\":\"a.safetensors\"}}");
        try (Checkpoint checkpoint = Checkpoint.open(dir)) {
            assertThat(checkpoint.names()).containsExactly("y", "x");
            assertThat(checkpoint.tensor("x").shape()).containsExactly(1);
            assertThat(checkpoint.bytes()).isEqualTo(12);
            assertThat(checkpoint.metadata()).containsOnly(Map.entry("k", "a"), Map.entry("l", "b"));
        }
    }

    @Test
    void whatAShardLacksIsNamed() throws IOException {
        Safetensors.write(dir.resolve("a.safetensors"), List.of(floats("x", 1)), Map.of());
        index("{\"weight_map\":{\"x\":\"a.safetensors\",\"y\":\"a.safetensors\"}}");
        assertThat(messageOf(dir)).contains(dir.resolve("a.safetensors") + ": lacks tensor \"y\"");
        index("{\"weight_map\":{\"x\":\"a.safetensors\",\"y\":\"b.safetensors\",\"z\":\"c.safetensors\"}}");
        assertThat(messageOf(dir)).contains("are missing: b.safetensors, c.safetensors; download them");
        RawFile.write(dir.resolve("b.safetensors"), new byte[100]);
        index("{\"weight_map\":{\"y\":\"b.safetensors\"}}");
        assertThat(messageOf(dir)).contains("b.safetensors: header is not valid");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../x.safetensors", "/etc/passwd", "sub/x.safetensors", "..", ".", "", "..\\\\x", "a\\u0000b"})
    void anIndexCannotReachOutOfItsDirectory(String shard) throws IOException {
        index("{\"weight_map\":{\"x\":\"" + shard + "\"}}");
        assertThat(messageOf(dir)).contains("tensor \"x\" is said to be in").contains("beside the index");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | expected a JSON object",
                "[] | expected a JSON object",
                "{ | Unexpected end-of-input: expected close marker for Object; download",
                "{} | names no tensor",
                "{\"weight_map\":{}} | names no tensor",
                "{\"weight_map\":[]} | weight_map is not an object",
                "{\"weight_map\":{\"x\":1}} | shard of \"x\" is not a string",
                "{\"weight_map\":{\"x\":\"a\",\"x\":\"b\"}} | Duplicate Object property \"x\"",
                "{\"weight_map\":{\"x\":\"a\"}}} | not a valid shard index",
            })
    void aBrokenIndexIsNamed(String json, String message) throws IOException {
        index(json);
        assertThat(messageOf(dir)).contains("model.safetensors.index.json: ").contains(message);
    }

    @Test
    void aDirectoryWithoutWeightsSaysWhatItHolds() throws IOException {
        assertThat(messageOf(dir.resolve("nowhere"))).contains("no such directory; give the directory that holds");
        Path file = Files.writeString(dir.resolve("config.json"), "{}");
        assertThat(messageOf(file)).contains("is a file; give the directory that holds");
        assertThat(messageOf(dir)).contains("give a downloaded Hugging Face checkpoint");
        Files.writeString(dir.resolve("pytorch_model.bin"), "");
        assertThat(messageOf(dir)).contains("it holds pytorch_model.bin: get or convert the weights as safetensors");
        Files.writeString(dir.resolve("model-00001-of-00002.safetensors"), "");
        assertThat(messageOf(dir)).contains("model-00001-of-00002.safetensors").contains("download the index too");
        Path link = Files.createSymbolicLink(dir.resolve("model.safetensors"), dir.resolve("blob"));
        assertThat(messageOf(dir)).isEqualTo(link + ": points to a file that does not exist");
    }

    private static Tensor floats(String name, long... shape) {
        int elements = 1;
        for (long size : shape) {
            elements *= (int) size;
        }
        float[] values = new float[elements];
        for (int i = 0; i < elements; i++) {
            values[i] = i;
        }
        return Tensor.ofFloats(name, values, shape);
    }

    private void index(String json) throws IOException {
        Files.writeString(dir.resolve("model.safetensors.index.json"), json);
    }

    private static String messageOf(Path dir) {
        Throwable thrown = catchThrowable(() -> Checkpoint.open(dir).close());
        assertThat(thrown).isInstanceOf(PgException.class);
        assertThat(thrown.getMessage()).contains(dir.toString()).doesNotContain("\n");
        return thrown.getMessage();
    }
}
