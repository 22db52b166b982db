package dev.pg.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    private Path dir;

    @Test
    void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
        Path file = Files.writeString(dir.resolve("a"), "old");
        assertThatThrownBy(() -> AtomicFile.write(file, out -> {
                    put(out, "half");
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(PgException.class)
                .hasMessage(file + ": cannot be written: No space left on device");
        assertThatThrownBy(() -> AtomicFile.write(dir.resolve("b"), out -> {
                    put(out, "half");
                    throw new IllegalStateException("a closed arena");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(listing()).containsExactly("a");
        assertThat(file).hasContent("old");
    }

    @Test
    void theNameAppearsOnlyWhenTheContentIsComplete() throws IOException {
        Path file = Files.writeString(dir.resolve("a"), "old");
        AtomicFile.write(file, out -> {
            put(out, "new");
            assertThat(file).hasContent("old");
        });
        assertThat(file).hasContent("new");
        assertThat(listing()).containsExactly("a");
    }

    @Test
    void aLinkStaysALink() throws IOException {
        Path target = Files.writeString(dir.resolve("target"), "old");
        Path link = Files.createSymbolicLink(dir.resolve("link"), target);
        AtomicFile.write(link, out -> put(out, "new"));
        assertThat(link).isSymbolicLink();
        assertThat(target).hasContent("new");
    }

    @Test
    void aDeviceIsWrittenAndNotReplaced() throws IOException {
        Path device = Path.of("/dev/null");
        assumeTrue(Files.exists(device));
        AtomicFile.write(device, out -> put(out, "x"));
        assertThat(Files.isRegularFile(device)).isFalse();
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full));
        assertThatThrownBy(() -> AtomicFile.write(full, out -> put(out, "x")))
                .isInstanceOf(PgException.class)
                .hasMessageStartingWith("/dev/full: cannot be written: No space left");
    }

    @Test
    void aBadPlaceIsNamed() {
        assertThatThrownBy(() -> AtomicFile.write(dir, out -> {}))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("is a directory");
        assertThatThrownBy(() -> AtomicFile.write(dir.resolve("no/such/a"), out -> {}))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("the directory " + dir.resolve("no/such") + " does not exist");
        String tooLong = "n".repeat(300);
        assertThatThrownBy(() -> AtomicFile.write(dir.resolve(tooLong), out -> put(out, "x")))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("cannot be written");
        assertThat(listing()).isEmpty();
    }

    @Test
    void missingPermissionIsNamed() throws IOException {
        Path locked = Files.createDirectory(dir.resolve("locked"));
        assumeTrue(locked.toFile().setWritable(false) && !Files.isWritable(locked), "root may write everywhere");
        assertThatThrownBy(() -> AtomicFile.write(locked.resolve("a"), out -> {}))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("permission denied");
    }

    /** Ctrl-C: another JVM is asked to end in the middle of a write. */
    @Test
    void anEndInTheMiddleLeavesNothing() throws IOException, InterruptedException {
        Process writer = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        EndlessWriter.class.getName(),
                        dir.resolve("a").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(writer.getInputStream().read()).isEqualTo('w');
        assertThat(listing()).hasSize(1).doesNotContain("a");
        writer.destroy();
        writer.waitFor();
        assertThat(listing()).isEmpty();
    }

    /** Begins to write a file, says so, and never finishes. */
    static final class EndlessWriter {
        public static void main(String[] args) {
            AtomicFile.write(Path.of(args[0]), out -> {
                put(out, "half");
                System.out.print('w');
                System.out.flush();
                while (true) {
                    LockSupport.park();
                }
            });
        }
    }

    private static void put(FileChannel out, String text) throws IOException {
        out.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }

    private List<String> listing() {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
