package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
    private final Tokenizer gemma = Tokenizer.open(Cases.TESTDATA.resolve("golden/paligemma1"));

    @TempDir
    Path directory;

    @Test
    void aLoneSurrogateCountsAsTheReplacementCharacter() {
        for (String name : Cases.MODELS) {
            Tokenizer tokenizer = Tokenizer.open(Cases.TESTDATA.resolve(name));
            assertThat(tokenizer.encode("a\uD800b\uDC00")).isEqualTo(tokenizer.encode("a\uFFFDb\uFFFD"));
            assertThat(tokenizer.encode("\uDE00\uD83D")).isEqualTo(tokenizer.encode("\uFFFD\uFFFD"));
        }
        assertThat(gemma.decode(gemma.encode("\uD83D\uDE00"))).isEqualTo("\uD83D\uDE00");
    }

    @Test
    void lossyOnlyWhereTheNormaliserIs() {
        String text = "<loc0001><seg002> line\n\n  two\u0000\u2581 \uD83D\uDC31 \u0e20";
        assertThat(gemma.decode(gemma.encode(text))).isEqualTo(text.replace('\u2581', ' '));
    }

    @Test
    void refusesIdsItDoesNotHave() {
        assertThat(gemma.pieces(2, 2112)).containsExactly("<bos>", "<image>");
        assertThatThrownBy(() -> gemma.piece(gemma.size()))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("2113");
        assertThatThrownBy(() -> gemma.piece(-1)).isInstanceOf(PgException.class);
        assertThatThrownBy(() -> gemma.decode(5, -1))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("-1");
        assertThat(gemma.id("no such piece")).isEmpty();
    }

    /** The models of golden/paligemma1 have 2176 rows for 2113 ids; any row may win. */
    @Test
    void idsOfPaddedRowsHaveNoText() {
        int[] ids = gemma.encode("red circle");
        assertThat(gemma.decode(ids[0], 2113, 2175, Integer.MAX_VALUE)).isEqualTo(gemma.decode(ids[0]));
    }

    @Test
    void manyThreadsMayShareIt() throws Exception {
        List<String> texts = Stream.iterate("segment <loc0001> \uD83D\uDC31 12", t -> t + " x" + t.length())
                .limit(50)
                .toList();
        List<Encoding> alone = texts.stream().map(gemma::encodeWithPieces).toList();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            Callable<List<Encoding>> all =
                    () -> texts.stream().map(gemma::encodeWithPieces).toList();
            for (Future<List<Encoding>> result : threads.invokeAll(List.of(all, all, all, all, all, all, all, all))) {
                assertThat(result.get()).isEqualTo(alone);
            }
        }
    }

    @Test
    void opensInsideAnArchive() throws IOException {
        Path archive = directory.resolve("model.zip");
        try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            Files.createDirectory(zip.getPath("/model"));
            for (String file : List.of("tokenizer.model", "added_tokens.json", "tokenizer_config.json")) {
                Files.copy(
                        Cases.TESTDATA.resolve("golden/paligemma1").resolve(file),
                        zip.getPath("/model").resolve(file));
            }
            Tokenizer zipped = Tokenizer.open(zip.getPath("/model"));
            assertThat(zipped.encode("<image><bos>caption en\n")).isEqualTo(gemma.encode("<image><bos>caption en\n"));
        }
    }
}
