package dev.pg.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/**
 * Starts {@link Pg}, in a second JVM if this one lacks the Vector API: {@code java -jar pg.jar} cannot name the incubator module
 * in its manifest, and no module can be added once a JVM runs. The second start costs about a tenth of a second, the scalar
 * kernels would cost far more.
 */
final class Launch {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private Launch() {}

    static void main(String[] args) {
        // Pictures are drawn in memory; a desktop is neither needed nor, on a server, there.
        System.setProperty("java.awt.headless", "true");
        if (vectorModuleMissing()) {
            boolean windows = System.getProperty("os.name").startsWith("Windows");
            Path java = Path.of(System.getProperty("java.home"), "bin", windows ? "java.exe" : "java");
            if (ModuleFinder.ofSystem().find(VECTOR_MODULE).isPresent() && Files.isExecutable(java)) {
                System.exit(relaunch(java, args));
            }
            System.err.println("pg: this Java has no " + VECTOR_MODULE + " module; computing without it, slowly");
        }
        CommandLine pg = Pg.commandLine(args).setOut(utf8(FileDescriptor.out)).setErr(utf8(FileDescriptor.err));
        int exitCode = pg.execute(args);
        pg.getOut().flush();
        pg.getErr().flush();
        System.exit(exitCode);
    }

    /** Whether the module is absent although nobody switched the vector kernels off. */
    private static boolean vectorModuleMissing() {
        return ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty() && !"off".equals(System.getProperty("pg.vector"));
    }

    /** JSON is UTF-8 whatever the locale says, and so is everything else we print. */
    private static PrintWriter utf8(FileDescriptor descriptor) {
        OutputStream bytes = new FileOutputStream(descriptor);
        return new PrintWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8));
    }

    private static int relaunch(Path java, String[] args) {
        List<String> command = new ArrayList<>();
        command.add(java.toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of(
                "--add-modules",
                VECTOR_MODULE,
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+IgnoreUnrecognizedVMOptions", // a JVM without C2 does not know the last one
                "-XX:PerMethodRecompilationCutoff=10000", // keeps vectors out of memory, see bench/README.md
                "-XX:-UseProfiledLoopPredicate", // with it C2 compiles kernels twice or three times
                "-cp",
                System.getProperty("java.class.path"),
                Launch.class.getName()));
        command.addAll(List.of(args));
        if (args.length > 0 && args[0].equals("chat")) {
            Interrupts.ignore(); // a chat knows itself what to do with Ctrl-C
        }
        try {
            Process child = new ProcessBuilder(command).inheritIO().start();
            // A terminal sends Ctrl-C to both; a signal to this JVM alone must reach the child, and its end be awaited.
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                child.destroy();
                child.onExit().join();
            }));
            return child.onExit().join().exitValue();
        } catch (IOException e) {
            System.err.println("pg: cannot start " + java + " with " + VECTOR_MODULE + ": " + e.getMessage()
                    + "; start it yourself: java --add-modules " + VECTOR_MODULE + " -jar pg.jar");
            return CommandLine.ExitCode.SOFTWARE;
        }
    }
}
