package dev.pg.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shell scripts {@code pg} and {@code find-jdk.sh}, with JDKs that are only folders. */
class LauncherTest {
    private static final Path PROJECT = Run.TESTDATA.getParent();

    @TempDir
    Path folder;

    private Path home;

    @BeforeEach
    void aProjectInAFolderWithASpace() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")));
        home = Files.createDirectories(folder.resolve("my project"));
        Files.createDirectories(home.resolve(".mvn"));
        Files.copy(PROJECT.resolve("pg"), home.resolve("pg"));
        Files.copy(PROJECT.resolve(".mvn/find-jdk.sh"), home.resolve(".mvn/find-jdk.sh"));
    }

    /** A folder that looks like a JDK; its java prints its arguments. */
    private Path jdk(String name, String version) throws IOException {
        Path jdk = folder.resolve(name);
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(
                jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\nMODULES=\"a b\"\n");
        script(jdk.resolve("bin/java"), "echo \"" + version + " $*\"");
        script(jdk.resolve("bin/javac"), "exit 1");
        return jdk;
    }

    private static void script(Path file, String body) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private void jar() throws IOException {
        Files.createDirectories(home.resolve("cli/target"));
        Files.writeString(home.resolve("cli/target/pg.jar"), "jar");
    }

    private Run run(Path program, Map<String, String> environment) throws IOException, InterruptedException {
        Path err = folder.resolve("stderr");
        ProcessBuilder builder = new ProcessBuilder(program.toString(), "caption", "a b.png")
                .directory(Files.createDirectories(folder.resolve("elsewhere")).toFile())
                .redirectError(err.toFile());
        builder.environment().remove("JAVA_HOME");
        builder.environment().put("PATH", "/usr/bin:/bin");
        builder.environment().put("JDK_FOLDERS", folder.resolve("jdks").toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), out, Files.readString(err));
    }

    private Run pg() throws IOException, InterruptedException {
        return run(home.resolve("pg"), Map.of());
    }

    @Test
    void theNewestOfTheInstallFoldersRunsTheJar() throws IOException, InterruptedException {
        jar();
        jdk("jdks/jdk-17", "17.0.15");
        jdk("jdks/jdk a", "25.0.9");
        jdk("jdks/jdk b", "25.0.10");
        jdk("jdks/jdk-8", "1.8.0_402");

        Run run = pg();

        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .startsWith("25.0.10 --add-modules jdk.incubator.vector ")
                .endsWith(" caption a b.png\n");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void macOsKeepsTheHomeDeeperInThePackage() throws IOException, InterruptedException {
        jar();
        jdk("jdks/temurin-25.jdk/Contents/Home", "25.0.3");
        assertThat(pg().out()).startsWith("25.0.3 ");
    }

    @Test
    void javaHomeWinsThenThePath() throws IOException, InterruptedException {
        jar();
        jdk("jdks/newest", "27");
        Path chosen = jdk("chosen", "25.0.4");
        Path onPath = jdk("on path", "26.0.1");
        Path links = Files.createDirectories(folder.resolve("links"));
        Files.createSymbolicLink(links.resolve("java"), Path.of("../on path/bin/java"));
        String path = links + ":/usr/bin:/bin";

        assertThat(run(home.resolve("pg"), Map.of("JAVA_HOME", chosen.toString(), "PATH", path))
                        .out())
                .startsWith("25.0.4 ");
        assertThat(run(home.resolve("pg"), Map.of("PATH", path)).out()).startsWith("26.0.1 ");
        assertThat(run(home.resolve("pg"), Map.of("JAVA_HOME", jdk("old", "17").toString(), "PATH", links + ":/bin"))
                        .out())
                .startsWith("26.0.1 ");
        assertThat(onPath).isDirectory();
    }

    @Test
    void withoutASuitableJdkItSaysWhatToInstall() throws IOException, InterruptedException {
        jar();
        Run none = pg();
        assertThat(none.exitCode()).isEqualTo(1);
        assertThat(none.out()).isEmpty();
        assertThat(none.err()).contains("needs JDK 25.0.3 or newer", "found none", "adoptium.net", "JAVA_HOME");

        jdk("jdks/early", "25.0.2");
        assertThat(pg().err()).contains("found only 25.0.2 in " + folder.resolve("jdks/early"));
    }

    @Test
    void runsThroughALinkFromElsewhere() throws IOException, InterruptedException {
        jar();
        jdk("jdks/jdk", "25.0.3");
        Path link = Files.createSymbolicLink(folder.resolve("pg"), Path.of("my project/pg"));
        assertThat(run(link, Map.of()).out()).contains("-jar " + home.toRealPath() + "/cli/target/pg.jar caption");
    }

    @Test
    void takesTheCacheThatIsYoungerThanTheJar() throws IOException, InterruptedException {
        jdk("jdks/jdk", "25.0.3");
        jar();
        Path jar = home.resolve("cli/target/pg.jar");
        Path aot = Files.writeString(home.resolve("cli/target/pg.aot"), "cache");
        String flag = "-XX:AOTCache=" + home.toRealPath() + "/cli/target/pg.aot";

        Files.setLastModifiedTime(jar, FileTime.fromMillis(1_000_000));
        Files.setLastModifiedTime(aot, FileTime.fromMillis(2_000_000));
        assertThat(pg().out()).contains(flag).endsWith(" -jar " + jar.toRealPath() + " caption a b.png\n");

        Files.setLastModifiedTime(jar, FileTime.fromMillis(3_000_000));
        assertThat(pg().out()).doesNotContain("AOT").endsWith(" caption a b.png\n");
    }

    @Test
    void buildsTheJarThatIsAbsentAndKeepsStdoutClean() throws IOException, InterruptedException {
        Path jdk = jdk("jdks/jdk", "25.0.3");
        script(home.resolve("mvnw"), "mkdir -p cli/target; echo \"$JAVA_HOME\" >cli/target/pg.jar; echo chatter");

        Run run = pg();

        assertThat(run.exitCode()).isZero();
        assertThat(run.lines()).hasSize(1);
        assertThat(run.err()).contains("building pg.jar", "chatter");
        assertThat(home.resolve("cli/target/pg.jar")).hasContent(jdk.toString());
        assertThat(pg().err()).as("the second time").isEmpty();
    }

    @Test
    void aFailedBuildLeavesNoJar() throws IOException, InterruptedException {
        jdk("jdks/jdk", "25.0.3");
        script(home.resolve("mvnw"), "mkdir -p cli/target; echo half >cli/target/pg.jar; echo broken >&2; exit 1");

        Run run = pg();

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(List.of(run.err().split("\n")))
                .contains("broken")
                .anyMatch(line -> line.contains("the build failed"));
        assertThat(home.resolve("cli/target/pg.jar")).doesNotExist();
    }
}
