package dev.pg.model.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvalSetTest {
    @TempDir
    Path folder;

    private EvalSet read(String json) throws IOException {
        Files.writeString(folder.resolve("truth.json"), json);
        return EvalSet.read(folder);
    }

    @Test
    void readsPicturesAnswersAndMasks() throws IOException {
        EvalSet set = read("""
                [{"image": "a.png", "tasks": [
                    {"type": "segment", "prompt": "segment x", "answer": "y", "size": [3, 2], "mask": [1, 2, 2, 1]}]},
                 {"tasks": [{"type": "free", "prompt": "say"}]}]""");
        EvalSet.Task segment = set.items().getFirst().tasks().getFirst();
        assertThat(set.items().getFirst().image()).contains(folder.resolve("images/a.png"));
        assertThat(segment.mask().orElseThrow().inside()).containsExactly(false, true, true, false, false, true);
        EvalSet.Item text = set.items().getLast();
        assertThat(text.image()).isEmpty();
        assertThat(text.tasks().getFirst().answer()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                                         | no JSON array
            [                                                          | not valid JSON
            [{"image": "a.png"}]                                       | item 0 has no array "tasks"
            [{"image": 7, "tasks": []}]                                | no text "image"
            [{"tasks": [{"type": "x"}]}]                               | no text "prompt"
            [{"tasks": [{"type": "x", "prompt": "y", "mask": [1]}]}]   | no "size"
            [{"tasks": [{"type": "x", "prompt": "y", "size": [2, 2], "mask": [5]}]}] | do not fit its size
            [{"tasks": [{"type": "x", "prompt": "y", "size": [2, 2], "mask": [-1]}]}] | do not fit its size
            """)
    void saysWhatIsWrong(String json, String message) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(PgException.class)
                .hasMessageStartingWith(folder.resolve("truth.json").toString())
                .hasMessageContaining(message);
    }

    @Test
    void needsTheFile() {
        assertThatThrownBy(() -> EvalSet.read(folder)).hasMessageContaining("truth.json: cannot be read");
    }
}
