package dev.pg.model.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.PgException;
import dev.pg.kernels.Quantization;
import dev.pg.model.Model;
import dev.pg.model.ModelOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that quantises and is killed, wherever it stands, leaves nothing that loads and is wrong. Vectors have no part in it. */
@Tag("eval")
class KilledQuantizationTest {
    private static final Path BASE = Path.of(System.getProperty("pg.testdata"), "golden/paligemma2");
    private static final int KILLS = 8;

    @TempDir
    Path folder;

    /** The process: a line for each step. */
    static final class Child implements QuantizedCheckpoint.Listener {
        static void main(String[] args) {
            WeightFormats formats = WeightFormats.text(Quantization.Q4);
            QuantizedCheckpoint.write(Path.of(args[0]), formats, 1, Path.of(args[1]), new Child());
        }

        @Override
        public void start(int steps) {
            System.out.println(steps);
        }

        @Override
        public void step() {
            System.out.println("step");
        }

        @Override
        public void wrote(QuantizedCheckpoint.Report report) {}
    }

    private static Process start(Path out) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Dpg.vector=off",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        BASE.toString(),
                        out.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    @Test
    void neverLeavesAModelThatIsWrong() throws IOException, InterruptedException {
        Path sound = folder.resolve("sound");
        finish(start(sound));
        Path parent = Files.createDirectory(folder.resolve("killed"));
        Path out = parent.resolve("out");
        Random random = new Random();
        for (int kill = 0; kill < KILLS; kill++) {
            Process process = start(out);
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                int steps = Integer.parseInt(lines.readLine());
                for (int last = random.nextInt(steps + 1); last > 0 && lines.readLine() != null; last--) {}
                process.destroyForcibly();
            }
            process.waitFor();
            try (Stream<Path> left = Files.list(parent)) {
                for (Path directory : left.toList()) {
                    assertSoundOrRefused(directory, sound);
                }
            }
            if (Files.exists(out)) { // it was complete before it was killed
                assertThat(out.resolve("model.safetensors")).hasSameBinaryContentAs(sound.resolve("model.safetensors"));
                Files.move(out, parent.resolve("complete-" + kill));
            }
        }
        finish(start(out));
        assertSoundOrRefused(out, sound);
        try (Stream<Path> left = Files.list(parent)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .contains("out")
                    .noneMatch(name -> name.startsWith("."));
        }
    }

    private static void finish(Process process) throws IOException, InterruptedException {
        process.getInputStream().readAllBytes();
        assertThat(process.waitFor()).isZero();
    }

    private static void assertSoundOrRefused(Path directory, Path sound) throws IOException {
        try (Model model = Model.open(directory, ModelOptions.DEFAULT.withThreads(1))) {
            try (Stream<Path> files = Files.list(sound)) {
                List<Path> all = files.toList();
                for (Path file : all) {
                    assertThat(model.directory().resolve(file.getFileName())).hasSameBinaryContentAs(file);
                }
            }
        } catch (PgException refused) {
            assertThat(directory.getFileName().toString()).startsWith(".pg-");
        }
    }
}
