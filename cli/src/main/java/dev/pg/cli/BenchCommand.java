package dev.pg.cli;

import dev.pg.bench.Bench;
import dev.pg.bench.BenchOptions;
import dev.pg.bench.Report;
import dev.pg.core.DType;
import dev.pg.core.Workers;
import dev.pg.kernels.Gemm;
import dev.pg.kernels.Quantization;
import dev.pg.model.ModelOptions.WeightMemory;
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
            description =
                    "Number format of a shape's weights (default: bf16). With q8 and q4, bfloat16 ones are quantised while they are"
                            + " loaded, but those of the vision tower; a model's as well.")
    private Format dtype;

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

    /** The values of {@code --dtype}. */
    enum Format {
        F32(DType.F32, null),
        F16(DType.F16, null),
        BF16(DType.BF16, null),
        Q8(DType.BF16, Quantization.Q8),
        Q4(DType.BF16, Quantization.Q4);

        private final DType stored;
        private final Quantization quantization;

        Format(DType stored, Quantization quantization) {
            this.stored = stored;
            this.quantization = quantization;
        }
    }

    @Override
    public Integer call() {
        check();
        BenchOptions options = new BenchOptions(
                threads,
                gemm == null ? Gemm.best() : Gemm.parse(gemm.name()),
                weights,
                Optional.ofNullable(dtype).map(format -> format.quantization),
                runs);
        Bench bench = new Bench(options, console.json() ? new BenchProgress(console) : new BenchTable(console));
        Report report = shape == null
                ? bench.model(model.path(console))
                : bench.shape(
                        shape,
                        dtype == null ? DType.BF16 : dtype.stored,
                        layers == null ? OptionalInt.empty() : OptionalInt.of(layers));
        if (console.json()) {
            console.result(BenchJson.of(report));
        }
        return ExitCode.OK;
    }

    private void check() {
        require(threads.stream().allMatch(n -> n >= 1), "--threads must be 1 or more, not " + threads);
        require(runs >= 1, "--runs must be 1 or more, not " + runs);
        require(layers == null || layers >= 1, "--layers must be 1 or more, not " + layers);
        require(
                shape != null || (layers == null && (dtype == null || dtype.quantization != null)),
                "--layers and --dtype shape random weights; a model has its own, but for --dtype q8 and q4: give --shape");
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }
}
