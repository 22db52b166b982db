package dev.pg.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jar, started as a person starts it. */
class PgJarIT {
    private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));
    private static final Path JAR = Path.of(System.getProperty("pg.jar"));
    private static final Path PICTURE = Run.sample("02-green-square-red-circle.jpg");
    private static final String CAPTION = "a small red circle to the left of a small green square";

    @TempDir
    Path folder;

    private Run java(Map<String, String> environment, Object... arguments) throws IOException, InterruptedException {
        return run(JAVA_HOME.resolve("bin/java"), environment, arguments);
    }

    private Run run(Path program, Map<String, String> environment, Object... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        Path err = folder.resolve("stderr");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
        builder.environment().remove("PG_MODEL");
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), out, Files.readString(err));
    }

    @Test
    void captionsWithTheDemoModelInside() throws IOException, InterruptedException {
        Run run = java(Map.of(), "--add-modules", "jdk.incubator.vector", "-jar", JAR, "caption", PICTURE);
        assertThat(run.lines()).containsExactly(CAPTION);
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).contains("demo model").doesNotContain("native", "Unsafe");
    }

    @Test
    void getsTheVectorModuleByItself() throws IOException, InterruptedException {
        Run info = java(Map.of(), "-Dpg.vectorBits=128", "-jar", JAR, "info");
        assertThat(info.out()).contains("Vector API, 128 bits");

        Run misuse = java(Map.of(), "-jar", JAR, "caption");
        assertThat(misuse.exitCode()).isEqualTo(2);
        assertThat(misuse.out()).isEmpty();
    }

    @Test
    void runsWithoutVectorsWhereTheyAreSwitchedOff() throws IOException, InterruptedException {
        Run run = java(Map.of(), "-Dpg.vector=off", "-jar", JAR, "caption", "--quiet", PICTURE);
        assertThat(run.lines()).containsExactly(CAPTION);
        assertThat(run.err()).isEmpty();
    }

    @Test
    void takesTheModelFromTheEnvironment() throws IOException, InterruptedException {
        Run run = java(
                Map.of("PG_MODEL", Run.TESTDATA.resolve("demo-model/nowhere").toString()),
                "-Dpg.vector=off",
                "-jar",
                JAR,
                "caption",
                PICTURE);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("nowhere: no such directory");
    }

    @Test
    void segmentsWithTheMaskDecoderInside() throws IOException, InterruptedException {
        Path drawing = folder.resolve("drawing.png");
        Run run = java(
                Map.of(),
                "-Dpg.vector=off",
                "-jar",
                JAR,
                "segment",
                "red circle",
                PICTURE,
                "--draw",
                drawing,
                "--quiet");
        assertThat(run.out()).matches("red circle(\t\\d+){5}\\R");
        assertThat(drawing).isNotEmptyFile();
    }

    @Test
    void completesCommandsInShells() throws IOException, InterruptedException {
        Run run = java(Map.of(), "-Dpg.vector=off", "-jar", JAR, "generate-completion");
        assertThat(run.out()).startsWith("#!/").contains("complete -F", "detokenize");
    }

    @Test
    void measuresWithoutVectorsToo() throws IOException, InterruptedException {
        Run run = java(
                Map.of(), "-Dpg.vector=off", "-jar", JAR, "bench", "--json", "--quiet", "--runs", 1, "--threads", 1);
        assertThat(run.exitCode()).isZero();
        assertThat(run.object().path("machine").path("fma_gflops").path("1").doubleValue())
                .isPositive();
        assertThat(run.err()).isEmpty();
    }

    @Test
    void theLauncherStartsFromTheClassesThatTheBuildHasLoaded() throws IOException, InterruptedException {
        Path pg = Run.TESTDATA.resolveSibling("pg");
        Path loaded = folder.resolve("loaded");
        Map<String, String> environment =
                Map.of("JAVA_HOME", JAVA_HOME.toString(), "JAVA_TOOL_OPTIONS", "-Xlog:class+load:file=" + loaded);
        Run run = run(pg, environment, "caption", PICTURE);
        assertThat(run.lines()).containsExactly(CAPTION);
        assertThat(loaded).content().contains("dev.pg.model.PaliGemma source: shared objects file");
    }

    @Test
    void isSmallAndPure() throws IOException {
        assertThat(Files.size(JAR)).isLessThan(25_000_000);
        try (JarFile jar = new JarFile(JAR.toFile())) {
            List<String> names = jar.stream().map(ZipEntry::getName).toList();
            assertThat(names)
                    .doesNotHaveDuplicates()
                    .noneMatch(name -> name.matches(".*\\.(so|dll|dylib|jnilib)"))
                    .noneMatch(name -> name.endsWith("module-info.class"))
                    .noneMatch(name -> name.matches(".*(jmh|Benchmark).*"))
                    .noneMatch(name -> name.matches("META-INF/.*\\.(SF|RSA|DSA)"))
                    .contains(
                            "META-INF/services/javax.imageio.spi.ImageReaderSpi",
                            "demo-model/README.md",
                            "demo-model/paligemma2-demo/model.safetensors");
            byte[] main =
                    jar.getInputStream(jar.getEntry("dev/pg/cli/Main.class")).readAllBytes();
            assertThat(main[7]).as("class file version of Main: Java 8").isEqualTo((byte) 52);
        }
    }
}
