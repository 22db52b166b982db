package dev.pg.core;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Jackson's own mapper is the oracle. */
class JsonTreeTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "null",
                "{}",
                "[[], {}, [null]]",
                "{\"a\": 1, \"b\": {\"c\": [true, false, null, \"x\\u00e9\\n\"]}, \"\": -0}",
                "[2147483647, 2147483648, -2147483649, 9223372036854775808, 1e3, 0.1, -1.5e-300, 1e999]",
                "{\"twice\": 1, \"other\": 2, \"twice\": 3}",
                "\"text\"",
            })
    void readsWhatTheMapperReads(String text) {
        assertThat(JsonTree.read(text.getBytes(UTF_8)))
                .isEqualTo(JsonMapper.shared().readTree(text));
    }

    @Test
    void readsTheFilesOfCheckpoints() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(Path.of(System.getProperty("pg.testdata")))) {
            files = all.filter(file -> file.toString().endsWith(".json")).toList();
        }
        assertThat(files).hasSizeGreaterThan(20);
        for (Path file : files) {
            byte[] text = Files.readAllBytes(file);
            assertThat(JsonTree.read(text))
                    .as("%s", file)
                    .isEqualTo(JsonMapper.shared().readTree(text));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[1",
                "{\"a\"}",
                "{\"a\":",
                "{\"a\": ]",
                "[1,]",
                "{} {}",
                "1 2",
                "]",
                "tru",
                "NaN",
                "{'a': 1}",
                "\"\\x\""
            })
    void refusesWhatTheMapperRefuses(String text) {
        assertThatThrownBy(() -> JsonMapper.shared().readTree(text)).isInstanceOf(JacksonException.class);
        assertThatThrownBy(() -> JsonTree.read(text.getBytes(UTF_8))).isInstanceOf(JacksonException.class);
    }

    @Test
    void boundsTheDepth() {
        String deep = "[".repeat(100_000);
        assertThatThrownBy(() -> JsonTree.read(deep.getBytes(UTF_8))).isInstanceOf(JacksonException.class);
    }
}
