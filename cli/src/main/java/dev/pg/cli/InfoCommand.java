package dev.pg.cli;

import dev.pg.core.Workers;
import dev.pg.kernels.Gemm;
import dev.pg.kernels.VectorSupport;
import dev.pg.model.Model;
import dev.pg.model.config.Architecture;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/** What pg would compute with on this machine. */
@Command(
        name = "info",
        description = "Shows what pg computes with here: JVM, vector width, threads, matrix kernels.",
        mixinStandardHelpOptions = true)
final class InfoCommand implements Callable<Integer> {
    @Option(
            names = {"-m", "--model"},
            paramLabel = "DIR",
            description = "Also say what this checkpoint is and can do.")
    private Path model;

    @Mixin
    private Console console;

    @Override
    public Integer call() {
        Map<String, String> facts = facts();
        if (model != null) {
            Architecture architecture = Architecture.of(Model.config(model));
            facts.put("model", model + ": " + architecture.title());
            facts.put("can", architecture.abilities());
        }
        if (console.json()) {
            ObjectNode object = CompletionJson.object();
            facts.forEach(object::put);
            console.result(object);
        } else {
            facts.forEach((name, value) -> console.result(String.format(Locale.ROOT, "%-8s %s", name, value)));
        }
        return ExitCode.OK;
    }

    private static Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("pg", Version.ofPg());
        facts.put(
                "java",
                Runtime.version() + ", " + System.getProperty("java.vm.name") + ", " + System.getProperty("java.home"));
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("vector", VectorSupport.describe());
        facts.put("threads", String.valueOf(Workers.defaultThreads()));
        facts.put("gemm", name(Gemm.best()));
        facts.put(
                "gemms",
                Arrays.stream(Gemm.values())
                        .filter(Gemm::available)
                        .map(InfoCommand::name)
                        .collect(Collectors.joining(", ")));
        facts.put("heap", (Runtime.getRuntime().maxMemory() >> 20) + " MB at most; weights lie outside of it");
        return facts;
    }

    private static String name(Gemm gemm) {
        return gemm.name().toLowerCase(Locale.ROOT);
    }
}
