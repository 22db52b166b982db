package dev.pg.cli;

import dev.pg.core.Workers;
import dev.pg.kernels.Quantization;
import dev.pg.kernels.QuantizationError;
import dev.pg.model.quantize.QuantizedCheckpoint;
import dev.pg.model.quantize.QuantizedCheckpoint.Report;
import dev.pg.model.quantize.WeightFormats;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A checkpoint with weights of fewer bits. */
@Command(
        name = "quantize",
        description =
                "Writes a checkpoint with weights of eight or four bits: half or a quarter of the size. Prints how far each matrix is from"
                        + " what it was.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  pg quantize --model paligemma2-3b-mix-224 --to q8 --out paligemma2-3b-mix-224-q8",
            "  pg caption --model paligemma2-3b-mix-224-q8 holiday.jpg",
            "%nIf it is interrupted, nothing stands under the name of --out: run it again.",
        })
final class QuantizeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelDirectory model;

    @Option(
            names = "--to",
            paramLabel = "q8|q4",
            description = "Format of embeddings, decoder layers and output projection (default: as they are).")
    private Quantization to;

    @Option(
            names = "--vision-dtype",
            paramLabel = "q8|q4",
            description = "Format of the vision tower's layers and the projector (default: as they are).")
    private Quantization vision;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "New directory to write.")
    private Path out;

    @Option(names = "--threads", paramLabel = "N", description = "Worker threads (default: one per core).")
    private int threads = Workers.defaultThreads();

    @Mixin
    private Console console;

    @Override
    public Integer call() {
        require(to != null || vision != null, "say what to quantise: --to, --vision-dtype or both");
        require(threads >= 1, "--threads must be 1 or more, not " + threads);
        long start = System.nanoTime();
        WeightFormats formats = new WeightFormats(Optional.ofNullable(to), Optional.ofNullable(vision));
        Watch watch = new Watch();
        try (watch) {
            QuantizedCheckpoint.write(model.path(console), formats, threads, out, watch);
        }
        print(watch.reports);
        console.note("wrote " + out + " in " + Timing.since(start));
        return ExitCode.OK;
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }

    /** Draws the bar and keeps the reports. */
    private final class Watch implements QuantizedCheckpoint.Listener, AutoCloseable {
        private final List<Report> reports = new ArrayList<>();
        private Progress progress = console.progress(0);

        @Override
        public void start(int steps) {
            progress = console.progress(steps);
        }

        @Override
        public void step() {
            progress.step();
        }

        @Override
        public void wrote(Report report) {
            reports.add(report);
        }

        @Override
        public void close() {
            progress.close();
        }
    }

    private void print(List<Report> reports) {
        QuantizationError all =
                reports.stream().map(Report::error).reduce(QuantizationError.NONE, QuantizationError::plus);
        if (console.json()) {
            ObjectNode object = CompletionJson.object().put("out", out.toString());
            ArrayNode tensors = object.putArray("tensors");
            for (Report report : reports) {
                put(tensors.addObject(), report.error())
                        .put("name", report.name())
                        .put("format", report.format().name());
            }
            put(object.putObject("all"), all);
            console.result(object);
            return;
        }
        int width = reports.stream()
                .mapToInt(report -> report.name().length())
                .max()
                .orElse(1);
        for (Report report : reports) {
            line(report.name(), width, report.format().name(), report.error());
        }
        line("all", width, "", all);
    }

    private static ObjectNode put(ObjectNode object, QuantizationError error) {
        return object.put("weights", error.weights())
                .put("max_error", error.max())
                .put("relative_rms_error", error.relativeRms())
                .put("cosine", error.cosine());
    }

    private void line(String name, int width, String format, QuantizationError error) {
        console.result(String.format(
                Locale.ROOT,
                "%-" + width + "s  %-2s  max %.2e  rms %.3f %%  cosine %.6f",
                name,
                format,
                error.max(),
                100 * error.relativeRms(),
                error.cosine()));
    }
}
