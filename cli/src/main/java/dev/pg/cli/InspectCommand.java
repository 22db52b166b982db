package dev.pg.cli;

import dev.pg.core.Checkpoint;
import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.config.Architecture;
import dev.pg.model.config.ConfigNode;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What is in a checkpoint. Only headers are read, so the largest takes no time. */
@Command(
        name = "inspect",
        description = "Shows what is in a checkpoint directory or a safetensors file: names, types, shapes, sizes.",
        mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
    /** Characters of a string of metadata that are shown. */
    private static final int MAX_METADATA = 200;

    @Mixin
    private ModelDirectory model;

    @Parameters(arity = "0..1", paramLabel = "PATH", description = "Directory or file, in place of --model.")
    private Path path;

    @Mixin
    private Console console;

    @Override
    public Integer call() {
        Path target = path == null ? model.path(console) : path;
        if (Adapter.isIn(target)) {
            throw new PgException(target + ": an adapter; look at it by: pg adapter inspect " + target);
        }
        if (Files.isDirectory(target)) {
            try (Checkpoint checkpoint = Checkpoint.open(target)) {
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                checkpoint.names().forEach(name -> tensors.put(name, checkpoint.tensor(name)));
                print(target, config(target), tensors, checkpoint.metadata());
            }
        } else {
            try (Arena arena = Arena.ofConfined()) {
                Safetensors file = Safetensors.open(target, arena);
                print(target, Optional.empty(), file.tensors(), file.metadata());
            }
        }
        return ExitCode.OK;
    }

    private static Optional<ConfigNode> config(Path directory) {
        Path file = directory.resolve("config.json");
        return Files.exists(file) ? Optional.of(ConfigNode.read(file)) : Optional.empty();
    }

    private void print(
            Path target, Optional<ConfigNode> config, Map<String, Tensor> all, Map<String, String> metadata) {
        List<TensorFacts> tensors = TensorFacts.of(target, all, metadata);
        long parameters = tensors.stream().mapToLong(TensorFacts::elements).sum();
        long bytes = tensors.stream().mapToLong(TensorFacts::bytes).sum();
        Optional<String> modelType = config.map(node -> node.text("model_type", ""));
        Optional<Architecture> architecture = config.flatMap(Architecture::find);
        if (console.json()) {
            ObjectNode object = CompletionJson.object().put("path", target.toString());
            modelType.ifPresent(type -> object.put("model_type", type));
            architecture.ifPresent(it -> object.put("architecture", it.title()).put("abilities", it.abilities()));
            object.put("parameters", parameters).put("bytes", bytes);
            ObjectNode strings = object.putObject("metadata");
            metadata.forEach(strings::put);
            ArrayNode list = object.putArray("tensors");
            tensors.forEach(tensor -> list.add(tensor.json()));
            console.result(object);
            return;
        }
        console.result(String.format(
                Locale.ROOT,
                "%s: %s%d tensors, %,d parameters, %,d bytes (%s)",
                target,
                modelType.map(type -> type + ", ").orElse(""),
                tensors.size(),
                parameters,
                bytes,
                types(tensors)));
        architecture.ifPresent(it -> console.result(it.title() + ": " + it.abilities()));
        metadata.forEach((key, value) -> console.result("metadata " + key + " = " + shortened(value)));
        int width = tensors.stream()
                .mapToInt(tensor -> tensor.name().length())
                .max()
                .orElse(1);
        for (TensorFacts tensor : tensors) {
            console.result(String.format(
                    Locale.ROOT,
                    "%-" + width + "s  %-8s %s",
                    tensor.name(),
                    tensor.type(),
                    Arrays.toString(tensor.shape())));
        }
    }

    /** Without the end of a text that is no line: the shapes of quantised matrices, which are listed below anyway. */
    private static String shortened(String text) {
        return text.length() <= MAX_METADATA ? text : text.substring(0, MAX_METADATA) + "...";
    }

    /** How many tensors there are of each type: {@code BF16 120, F32 3}. */
    private static String types(List<TensorFacts> tensors) {
        return tensors.stream()
                .collect(Collectors.groupingBy(TensorFacts::type, TreeMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }
}
