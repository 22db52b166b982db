package dev.pg.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
    @TempDir
    private Path dir;

    @Test
    void whatWasWrittenIsRead() {
        Path file = dir.resolve("a.safetensors");
        Tensor bytes = Tensor.ofBytes("b", new byte[] {1, 2, 3}, 3);
        Tensor floats = Tensor.ofFloats("f", new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Safetensors.write(file, List.of(bytes, floats), Map.of("format", "pt"));
        try (Arena arena = Arena.ofConfined()) {
            Safetensors read = Safetensors.open(file, arena);
            assertThat(read.metadata()).containsExactly(Map.entry("format", "pt"));
            assertThat(read.tensors().keySet()).containsExactly("f", "b");
            assertThat(read.tensors().get("f").toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(read.tensors().get("f").shape()).containsExactly(2, 3);
        }
        assertThat(dir.toFile().list()).containsExactly("a.safetensors");
    }
}
