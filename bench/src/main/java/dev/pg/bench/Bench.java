package dev.pg.bench;

import dev.pg.core.Checkpoint;
import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.kernels.WarmUp;
import dev.pg.model.Compute;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.config.ConfigNode;
import dev.pg.model.config.PaliGemmaConfig;
import dev.pg.model.quantize.WeightFormats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Measures what this machine can do, then a PaliGemma stage by stage, and what fraction of the machine each stage uses. Not
 * thread-safe, and two measurements at a time would measure each other.
 */
public final class Bench {
    private static final int PROBE_RUNS = 5;

    private final BenchOptions options;
    private final BenchListener listener;
    private final long probeBytes;
    private final List<Result> results = new ArrayList<>();

    /**
     * @param options how to measure
     * @param listener hears of each step
     */
    public Bench(BenchOptions options, BenchListener listener) {
        this(options, listener, MachineProbe.MEMORY_BYTES);
    }

    /** @param probeBytes of memory that the probes read */
    Bench(BenchOptions options, BenchListener listener, long probeBytes) {
        this.options = options;
        this.listener = listener;
        this.probeBytes = probeBytes;
    }

    /**
     * Measures a checkpoint.
     *
     * @param dtype that its weights must have; empty for any
     * @throws PgException if it is not a PaliGemma, has weights of another type, or cannot be opened
     */
    public Report model(Path directory, Optional<DType> dtype) {
        PaliGemmaConfig config = config(directory);
        String stored = WeightFormat.read(directory, WeightFormats.AS_STORED).name();
        if (dtype.isPresent() && !dtype.get().name().equals(stored)) {
            throw new PgException(directory + ": its weights are " + stored + ", not " + dtype.get() + "; leave "
                    + dtype.get() + " out to measure them as they are");
        }
        return measure(
                directory,
                directory.toString(),
                config,
                config.text().layers(),
                config.vision().layers());
    }

    /**
     * Measures a published shape with random weights. They are written to a temporary directory, which is deleted again.
     *
     * @param name for example {@code paligemma2-3b-224}
     * @param dtype F32, F16 or BF16
     * @param layers of decoder and tower to run at most, to scale the times by; empty to run all
     * @throws PgException if there is no such shape, or no room for it
     */
    public Report shape(String name, DType dtype, OptionalInt layers) {
        return shape(name, ModelShape.of(name), dtype, layers);
    }

    Report shape(String name, ModelShape whole, DType dtype, OptionalInt layers) {
        int most = layers.orElse(Integer.MAX_VALUE);
        ModelShape shape = whole.withLayers(
                Math.min(most, whole.layers()), Math.min(most, whole.vision().layers()));
        try (TemporaryDirectory directory = new TemporaryDirectory()) {
            write(shape, dtype, directory.path());
            return measure(
                    directory.path(),
                    name,
                    config(directory.path()),
                    whole.layers(),
                    whole.vision().layers());
        }
    }

    private void write(ModelShape shape, DType dtype, Path directory) {
        try {
            long bytes = SyntheticCheckpoint.bytes(shape, dtype);
            long room = Files.getFileStore(directory).getUsableSpace();
            if (bytes > room) {
                throw new PgException(String.format(
                        Locale.ROOT,
                        "%s: %.1f GB of random weights do not fit into the %.1f GB that are free; run fewer layers, or"
                                + " name another place with JDK_JAVA_OPTIONS=-Djava.io.tmpdir=DIR",
                        directory,
                        bytes / 1e9,
                        room / 1e9));
            }
            listener.doing(String.format(Locale.ROOT, "writing %.1f GB of random weights", bytes / 1e9));
            SyntheticCheckpoint.write(directory, shape, dtype, 1, SyntheticCheckpoint.SHARD_BYTES);
        } catch (IOException e) {
            throw PgException.cannotWrite(directory, e);
        }
    }

    private static PaliGemmaConfig config(Path directory) {
        Path file = directory.resolve("config.json");
        if (!Files.exists(file)) {
            throw new PgException(directory + ": no config.json in it; give the folder of a downloaded checkpoint");
        }
        ConfigNode node = ConfigNode.read(file);
        if (!node.text("model_type", "missing").equals("paligemma")) {
            throw node.wrong("model_type", "\"paligemma\": only such models can be measured");
        }
        return PaliGemmaConfig.read(node);
    }

    /**
     * @param layers of the decoder of the whole model
     * @param visionLayers of the tower of the whole model
     */
    private Report measure(Path directory, String name, PaliGemmaConfig config, int layers, int visionLayers) {
        List<RequestBench> requests = options.formats().stream()
                .map(formats -> new RequestBench(directory, options, formats, this::add))
                .toList();
        Report.Subject subject = new Report.Subject(
                name,
                options.weights().name().toLowerCase(Locale.ROOT),
                requests.getFirst().format().bytes(),
                config.text().layers(),
                config.vision().layers(),
                layers,
                visionLayers);
        listener.started(subject);
        results.clear();
        if (subject.isSlice()) {
            warmUp(directory);
        } else {
            // First of all, since a first caption is only one while the JVM is cold.
            listener.doing("opening the model and writing captions");
            requests.forEach(RequestBench::captions);
        }
        WarmUp.finish();
        requests.getFirst().preprocess(config.vision());
        requests.getFirst().tokenizer();
        listener.doing("measuring the machine");
        try (MachineProbe probe = new MachineProbe(probeBytes)) {
            Machine machine = probe.machine(probed(), PROBE_RUNS);
            listener.measured(machine);
            listener.doing("measuring the stages of the model");
            try (StageBench stages =
                    new StageBench(directory, config, layers, visionLayers, options, probe, this::add)) {
                for (int threads : options.threads()) {
                    try (Compute compute = Compute.start(threads, options.gemm())) {
                        stages.vision(compute);
                        stages.text(compute);
                    }
                }
            }
            return new Report(subject, machine, List.copyOf(results));
        }
    }

    /** With memory of the kind that is to come, as an opened model does: C2's code for another is slower with these weights. To its end, while they are open. */
    private void warmUp(Path directory) {
        if (options.weights() == WeightMemory.MAPPED) {
            try (Checkpoint checkpoint = Checkpoint.open(directory)) {
                WarmUp.start(checkpoint.largest().data());
                WarmUp.finish();
            }
        }
    }

    private void add(Result result) {
        results.add(result);
        listener.measured(result);
    }

    /** The teams to measure, and below the largest all powers of two. */
    private SortedSet<Integer> probed() {
        SortedSet<Integer> threads = new TreeSet<>(options.threads());
        for (int n = 1; n < options.threads().getLast(); n *= 2) {
            threads.add(n);
        }
        return threads;
    }
}
