package dev.pg.cli;

import dev.pg.bench.Bench;
import dev.pg.bench.BenchOptions;
import dev.pg.bench.Report;
import dev.pg.core.DType;
import dev.pg.core.Workers;
import dev.pg.kernels.Gemm;
import dev.pg.kernels.Quantization;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.quantize.WeightFormats;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How fast a model runs here, and how fast it could. */
@Command(
        name = "bench",
        description =
                "Measures the machine's limits, then each stage of a model, as time, rate and fraction of the limit.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  pg bench --shape paligemma2-3b-224",
            "  pg bench --shape paligemma2-10b-224 --layers 4 --threads 1,2",
            "  pg bench --model paligemma2-3b-mix-224 --weights resident --json > bench.json",
            "  pg bench --shape paligemma2-3b-224 --dtype bf16,q8,q4",
            "%nA shape needs no download: random weights take its place, in a temporary directory.",
            "Nothing else should compute meanwhile: it would show as spread.",
        })
final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelDirectory model;

    @Option(
            names = "--shape",
            paramLabel = "NAME",
            description =
                    "Random weights of a published shape in place of a model: paligemma-3b-224, paligemma2-3b-448,"
                            + " paligemma2-10b-224, ...")
    private String shape;

    @Option(
            names = "--dtype",
            paramLabel = "f32|f16|bf16|q8|q4",
            split = ",",
            description =
                    "Number format of a shape's weights (default: bf16), or one of f32, f16 and bf16 with q8 and q4, to measure them in turn."
                            + " With q8 and q4, the others (bf16 if not given) are quantised while they are loaded, but those of the"
                            + " vision tower; a model's as well.")
    private List<Format> dtypes = List.of();

    @Option(
            names = "--layers",
            paramLabel = "N",
            description = "Run a shape with N layers at most, and scale the times to all of them.")
    private Integer layers;

    @Option(
            names = "--threads",
            paramLabel = "N",
            split = ",",
            description = "Worker threads, or several numbers of them to measure each (default: one per core).")
    private List<Integer> threads = List.of(Workers.defaultThreads());

    @Option(
            names = "--gemm",
            paramLabel = "NAME",
            description = "Matrix products by vector, openblas or scalar code (default: the best there is).")
    private Gemm gemm;

    @Option(
            names = "--weights",
            paramLabel = "mapped|resident",
            description = "Where the weights lie; memory limits are measured for both (default: mapped).")
    private WeightMemory weights = WeightMemory.MAPPED;

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "Measure everything N times and take the median (default: ${DEFAULT-VALUE}).",
            defaultValue = "3")
    private int runs;

    @Mixin
    private Console console;

    /** The values of {@code --dtype}: what lies in the file, or what is made of it. */
    enum Format {
        F32(DType.F32, null),
        F16(DType.F16, null),
        BF16(DType.BF16, null),
        Q8(null, Quantization.Q8),
        Q4(null, Quantization.Q4);

        private final Optional<DType> stored;
        private final Optional<Quantization> made;

        Format(DType stored, Quantization made) {
            this.stored = Optional.ofNullable(stored);
            this.made = Optional.ofNullable(made);
        }
    }

    @Override
    public Integer call() {
        List<DType> stored = dtypes.stream()
                .flatMap(dtype -> dtype.stored.stream())
                .distinct()
                .toList();
        check(stored);
        Optional<DType> onDisk = stored.stream().findFirst();
        BenchOptions options = new BenchOptions(
                threads,
                gemm == null ? Gemm.best() : Gemm.parse(gemm.name()),
                weights,
                dtypes.isEmpty()
                        ? List.of(WeightFormats.AS_STORED)
                        : dtypes.stream()
                                .map(dtype -> new WeightFormats(dtype.made, Optional.empty()))
                                .toList(),
                runs);
        Bench bench = new Bench(options, console.json() ? new BenchProgress(console) : new BenchTable(console));
        Report report = shape == null
                ? bench.model(model.path(console), onDisk)
                : bench.shape(
                        shape,
                        onDisk.orElse(DType.BF16),
                        layers == null ? OptionalInt.empty() : OptionalInt.of(layers));
        if (console.json()) {
            console.result(BenchJson.of(report));
        }
        return ExitCode.OK;
    }

    private void check(List<DType> stored) {
        require(threads.stream().allMatch(n -> n >= 1), "--threads must be 1 or more, not " + threads);
        require(runs >= 1, "--runs must be 1 or more, not " + runs);
        require(layers == null || layers >= 1, "--layers must be 1 or more, not " + layers);
        require(shape != null || layers == null, "--layers shapes random weights; a model has its own: give --shape");
        require(
                stored.size() <= 1,
                "--dtype takes one of f32, f16 and bf16 a run, not " + stored + "; q8 and q4 go with each");
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }
}
