package dev.pg.cli;

import static dev.pg.cli.Run.PALIGEMMA_2;
import static dev.pg.cli.Run.pg;
import static dev.pg.cli.Run.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a person sees who gets something wrong: one line with cause, place and cure, and the documented exit code. */
class BadInputTest {
    private static final Path PICTURE = sample("09-cyan-star.png");

    @TempDir
    Path folder;

    /** A failed run: exit code 1, nothing on standard output, one line that says all of {@code parts}. */
    private static void assertFails(Run run, String... parts) {
        assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines().toList()).as(run.err()).hasSize(1);
        assertThat(run.err()).startsWith("pg: ").contains(parts).doesNotContain("Exception", "internal error");
    }

    @Test
    void aModelThatIsNotThere() {
        assertFails(
                pg("caption", "-q", "--model", folder.resolve("nowhere"), PICTURE),
                "nowhere: no such directory",
                "config.json");
        assertFails(pg("caption", "-q", "--model", PICTURE, PICTURE), "not a directory");
        assertFails(pg("caption", "-q", "--model", folder, PICTURE), "config.json");
        assertFails(pg("tokenize", "-q", "--model", folder, "a"), folder.toString(), "tokenizer");
        assertFails(pg("inspect", folder), folder.toString(), "safetensors");
    }

    @Test
    void aModelOfAnotherKind() {
        Path siglip = Run.TESTDATA.resolve("golden/siglip-vision");
        Path gemma = Run.TESTDATA.resolve("golden/gemma2-text");
        assertFails(pg("generate", "-q", "--model", siglip, "--prompt", "a"), "siglip-vision", "vision tower");
        assertFails(
                pg("caption", "-q", "--model", gemma, PICTURE),
                "gemma2-text",
                "a Gemma 2 checkpoint, which writes text",
                "cannot caption");
    }

    @Test
    void aDamagedModel() throws IOException {
        for (String file : List.of("config.json", "tokenizer.model", "added_tokens.json", "generation_config.json")) {
            Files.copy(PALIGEMMA_2.resolve(file), folder.resolve(file));
        }
        byte[] weights = Files.readAllBytes(PALIGEMMA_2.resolve("model.safetensors"));
        Files.write(folder.resolve("model.safetensors"), Arrays.copyOf(weights, weights.length / 2));
        assertFails(pg("caption", "-q", "--model", folder, PICTURE), "model.safetensors");
    }

    @Test
    void picturesThatAreNone() throws IOException {
        assertFails(pg("caption", "-q", folder.resolve("absent.png")), "absent.png: ", "no such file");
        assertFails(pg("caption", "-q", Files.createFile(folder.resolve("empty.png"))), "empty.png");
        assertFails(pg("caption", "-q", Files.writeString(folder.resolve("text.jpg"), "hello")), "text.jpg");
        assertFails(pg("caption", "-q", folder + "/*.gif"), "*.gif: no file matches");
        assertFails(pg("caption", "-q", Files.createDirectory(folder.resolve("none"))), "no pictures in this folder");
        assertFails(
                pg("generate", "-q", "--prompt", "caption en", "--image", folder.resolve("absent.png")), "absent.png");
        assertFails(Run.pgReading("", "caption", "-q", "-"), "standard input");
    }

    @Test
    void aPromptThatDoesNotFit() {
        String tooLong = "word ".repeat(3000);
        assertFails(pg("answer", "-q", "--model", PALIGEMMA_2, tooLong, PALIGEMMA_2.resolve("image0.png")), "context");
        assertFails(pg("generate", "-q", "--model", PALIGEMMA_2, "--ids", "2,999999"), "999999", "vocabulary");
    }

    @Test
    void outputsThatCannotBeWritten() throws IOException {
        Path absent = folder.resolve("absent/out.png");
        assertFails(pg("detect", "-q", "star", PICTURE, "--draw", absent), "out.png", "does not exist");
        assertFails(pg("trace", "-q", "--ids", "2,3", "--out", absent), "out.png", "does not exist");
        Path file = Files.createFile(folder.resolve("file"));
        assertFails(pg("segment", "-q", "star", PICTURE, "--mask-dir", file), "file: cannot be written");
        assertThat(folder.toFile().list()).containsExactly("file");
    }

    @Test
    void aReaderThatHasGone() {
        PrintWriter closed = new PrintWriter(new Writer() {
            @Override
            public void write(char[] text, int from, int length) throws IOException {
                throw new IOException("Broken pipe");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        });
        StringWriter err = new StringWriter();
        int exitCode = Pg.commandLine()
                .setOut(closed)
                .setErr(new PrintWriter(err))
                .execute("ocr", "-q", PICTURE.toString(), PICTURE.toString());
        assertThat(exitCode).isEqualTo(1);
        assertThat(err.toString().lines())
                .containsExactly("pg: cannot write to standard output: its reader has gone, or the disk is full");
    }

    static Stream<Arguments> misuses() {
        String picture = PICTURE.toString();
        return Stream.of(
                misuse("say what to do"),
                misuse("Unmatched argument", "captoin"),
                misuse("IMAGE", "caption"),
                misuse("IMAGE", "detect", "star"),
                misuse("--max-tokens", "caption", "--max-tokens", "many", picture),
                misuse("maxTokens must be 0 or more", "caption", "--max-tokens", "-1", picture),
                misuse("topP must be in (0, 1]", "caption", "--top-p", "2", picture),
                misuse("beam search does not sample", "caption", "--beams", "2", "--temperature", "1", picture),
                misuse("returnCount", "caption", "--return", "2", picture),
                misuse("--beam-style", "caption", "--beam-style", "other", picture),
                misuse("--gemm", "caption", "--gemm", "abacus", picture),
                misuse("--threads must be 1 or more", "caption", "--threads", "0", picture),
                misuse("language code", "caption", "--lang", "klingon!", picture),
                misuse("the question is empty", "answer", " ", picture),
                misuse("the thing is empty", "detect", " ; ", picture),
                misuse("--prompt", "generate"),
                misuse("mutually exclusive", "generate", "--prompt", "a", "--ids", "1"),
                misuse("--ids", "generate", "--ids", "one"),
                misuse("leave --image out", "generate", "--batch", "a.jsonl", "--image", picture),
                misuse("mutually exclusive", "trace", "--image", picture, "--pixels", "p", "--out", "o"),
                misuse("--out", "trace", "--image", picture));
    }

    private static Arguments misuse(String message, String... arguments) {
        return Arguments.of(message, arguments);
    }

    @ParameterizedTest
    @MethodSource("misuses")
    void aWrongCommandLineSaysWhatIsWrongAndWhereToRead(String message, String[] arguments) {
        Run run = pg((Object[]) arguments);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains(message).contains("--help'").doesNotContain("\tat ");
    }

    @Test
    void theStackTraceComesWithVerbose() {
        Path nowhere = folder.resolve("nowhere");
        assertThat(pg("caption", "--verbose", "--model", nowhere, PICTURE).err())
                .contains("\tat dev.pg.");
        assertThat(pg("caption", "--verbose", folder.resolve("absent.png")).err())
                .contains("\tat dev.pg.");
    }

    @Test
    void aFullDisk() {
        Path full = Path.of("/dev/full"); // Linux has a device that is always full
        assumeTrue(Files.exists(full));
        assertFails(pg("trace", "-q", "--ids", "2,3", "--out", full), "/dev/full: cannot be written: No space left");
    }
}
