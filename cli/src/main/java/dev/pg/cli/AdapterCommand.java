package dev.pg.cli;

import dev.pg.model.adapter.Adapter;
import dev.pg.model.adapter.MergedCheckpoint;
import dev.pg.model.adapter.Squeeze;
import dev.pg.model.adapter.Squeeze.Squeezed;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What can be done with adapters besides running them. */
@Command(
        name = "adapter",
        description = "Shows LoRA adapters, merges them into a checkpoint, or makes them smaller.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {AdapterCommand.Inspect.class, AdapterCommand.Merge.class, AdapterCommand.Shrink.class})
final class AdapterCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Override
    public Integer call() {
        throw new ParameterException(command.commandLine(), "say what to do: inspect, merge or squeeze");
    }

    private static int width(List<String> names) {
        return names.stream().mapToInt(String::length).max().orElse(1);
    }

    /** What is in an adapter. */
    @Command(
            name = "inspect",
            description = "Shows what is in an adapter: its base, its updates, the modules that it holds whole.",
            mixinStandardHelpOptions = true)
    static final class Inspect implements Callable<Integer> {
        @Parameters(paramLabel = "ADAPTER", description = "Directory of the adapter.")
        private Path directory;

        @Mixin
        private Console console;

        @Override
        public Integer call() {
            Adapter adapter = Adapter.open(directory);
            if (console.json()) {
                console.result(json(adapter));
                return ExitCode.OK;
            }
            console.result(String.format(
                    Locale.ROOT,
                    "%s: %s of %s, %d updates, %,d parameters",
                    directory,
                    adapter.config().rsLora() ? "rsLoRA" : "LoRA",
                    adapter.config().baseModel().isEmpty()
                            ? "an unnamed base"
                            : adapter.config().baseModel(),
                    adapter.modules().size(),
                    adapter.parameters()));
            int width =
                    width(adapter.modules().stream().map(Adapter.Module::name).toList());
            for (Adapter.Module module : adapter.modules()) {
                console.result(String.format(
                        Locale.ROOT,
                        "%-" + width + "s  rank %d  scaling %.6g  %s [%d, %d]",
                        module.name(),
                        module.rank(),
                        module.scaling(),
                        module.a().dtype(),
                        module.b().dim(0),
                        module.a().elements() / module.rank()));
            }
            adapter.whole()
                    .values()
                    .forEach(tensor -> console.result(
                            "whole: " + tensor.name() + " " + tensor.dtype() + " " + Arrays.toString(tensor.shape())));
            return ExitCode.OK;
        }

        private ObjectNode json(Adapter adapter) {
            ObjectNode object = CompletionJson.object()
                    .put("path", directory.toString())
                    .put("base", adapter.config().baseModel())
                    .put("rslora", adapter.config().rsLora())
                    .put("parameters", adapter.parameters());
            ArrayNode modules = object.putArray("modules");
            for (Adapter.Module module : adapter.modules()) {
                modules.addObject()
                        .put("name", module.name())
                        .put("rank", module.rank())
                        .put("scaling", module.scaling())
                        .put("outputs", module.b().dim(0))
                        .put("inputs", module.a().elements() / module.rank());
            }
            ArrayNode whole = object.putArray("whole");
            adapter.whole()
                    .values()
                    .forEach(tensor -> whole.add(TensorFacts.of(tensor).json()));
            return object;
        }
    }

    /** A checkpoint with adapters in it. */
    @Command(
            name = "merge",
            description = "Writes a checkpoint with adapters merged into it.",
            mixinStandardHelpOptions = true)
    static final class Merge implements Callable<Integer> {
        @Mixin
        private ModelDirectory model;

        @Option(
                names = "--adapter",
                paramLabel = "DIR[:WEIGHT]",
                required = true,
                description = "An adapter; may be repeated: adapters are summed.")
        private List<String> adapters;

        @Option(names = "--out", paramLabel = "DIR", required = true, description = "New directory to write.")
        private Path out;

        @Mixin
        private Console console;

        @Override
        public Integer call() {
            long start = System.nanoTime();
            MergedCheckpoint.write(
                    model.path(console),
                    adapters.stream().map(AdapterArgument::open).toList(),
                    out);
            console.note("wrote " + out + " in " + Timing.since(start));
            return ExitCode.OK;
        }
    }

    /** A smaller adapter. */
    @Command(
            name = "squeeze",
            description =
                    "Writes an adapter of lower rank that changes its base as nearly as possible in the same way.",
            mixinStandardHelpOptions = true)
    static final class Shrink implements Callable<Integer> {
        @Spec
        private CommandSpec command;

        @Parameters(paramLabel = "ADAPTER", description = "Directory of the adapter.")
        private Path directory;

        @ArgGroup(multiplicity = "1")
        private Size size;

        @Option(
                names = "--exact",
                description = "Decompose each update as a whole instead of a random sample of it: nearest of all.")
        private boolean exact;

        @Option(
                names = "--oversample",
                paramLabel = "P",
                defaultValue = "8",
                description = "Columns of the sample beyond the rank (default: ${DEFAULT-VALUE}).")
        private int oversample;

        @Option(
                names = "--power",
                paramLabel = "Q",
                defaultValue = "1",
                description = "Iterations that sharpen the sample (default: ${DEFAULT-VALUE}).")
        private int power;

        @Option(names = "--out", paramLabel = "DIR", required = true, description = "New directory to write.")
        private Path out;

        @Mixin
        private Console console;

        /** How small. */
        static final class Size {
            @Option(names = "--rank", paramLabel = "K", description = "Rank of every update.")
            private Integer rank;

            @Option(
                    names = "--energy",
                    paramLabel = "E",
                    description =
                            "For each update the least rank that keeps this share of its sum of squares, as 0.95.")
            private Double energy;
        }

        @Override
        public Integer call() {
            List<Squeezed> results = squeeze().write(Adapter.open(directory), out);
            double total = results.stream().mapToDouble(Squeezed::total).sum();
            double kept = results.stream().mapToDouble(Squeezed::kept).sum();
            Squeezed all =
                    new Squeezed("all", ranks(results, Squeezed::before), ranks(results, Squeezed::after), total, kept);
            if (console.json()) {
                ObjectNode object =
                        CompletionJson.object().put("out", out.toString()).put("energy", all.energy());
                ArrayNode modules = object.putArray("modules");
                for (Squeezed one : results) {
                    modules.addObject()
                            .put("name", one.name())
                            .put("rank_before", one.before())
                            .put("rank", one.after())
                            .put("energy", one.energy());
                }
                console.result(object);
                return ExitCode.OK;
            }
            int width = width(results.stream().map(Squeezed::name).toList());
            results.forEach(one -> print(one, width));
            print(all, width);
            return ExitCode.OK;
        }

        private static int ranks(List<Squeezed> results, ToIntFunction<Squeezed> rank) {
            return results.stream().mapToInt(rank).sum();
        }

        private void print(Squeezed one, int width) {
            console.result(String.format(
                    Locale.ROOT,
                    "%-" + width + "s  rank %d -> %d  energy %.4f",
                    one.name(),
                    one.before(),
                    one.after(),
                    one.energy()));
        }

        private Squeeze squeeze() {
            try {
                return new Squeeze(
                        size.rank == null ? OptionalInt.empty() : OptionalInt.of(size.rank),
                        size.energy == null ? OptionalDouble.empty() : OptionalDouble.of(size.energy),
                        exact,
                        oversample,
                        power);
            } catch (IllegalArgumentException e) {
                throw new ParameterException(command.commandLine(), e.getMessage(), e);
            }
        }
    }
}
