package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TemporaryDirectoryTest {
    @Test
    void nothingIsLeft() throws IOException {
        Path path;
        try (TemporaryDirectory directory = new TemporaryDirectory()) {
            path = directory.path();
            Files.createDirectories(path.resolve("a/b"));
            Files.writeString(path.resolve("a/b/c"), "x");
            Files.writeString(path.resolve("d"), "y");
        }
        assertThat(path).doesNotExist();
    }
}
