package dev.pg.bench;

import dev.pg.core.Checkpoint;
import dev.pg.core.Workers;
import dev.pg.kernels.Matrix;
import dev.pg.model.Compute;
import dev.pg.model.LayerTap;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.PaliGemmaConfig;
import dev.pg.model.quantize.WeightFormats;
import dev.pg.model.quantize.WeightMatrices;
import dev.pg.model.siglip.VisionTower;
import dev.pg.model.text.Gemma;
import dev.pg.model.text.GemmaSequences;
import dev.pg.model.text.Prompt;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Measures the stages of one PaliGemma in one or several number formats, each stage by itself, with teams of any size. Formats run in turn,
 * each run beside a look at the machine, so whatever slows the machine for a minute slows all of them and their limit. Not thread-safe.
 */
final class StageBench implements AutoCloseable {
    /** Text behind the picture: that of a caption's prompt. */
    private static final int PROMPT_TOKENS = 4;

    private static final int PREFILL_BATCH = 4;
    private static final List<Integer> DECODE_BATCHES = List.of(1, 8);
    private static final int STEPS = 8;

    /** Layers of decoding after which C2 has compiled a step, be they of a few steps of a whole model or many of a slice. */
    private static final int WARM_LAYERS = 256;

    private final BenchOptions options;
    private final MachineProbe probe;
    private final Consumer<Result> out;
    private final Checkpoint checkpoint;
    private final Arena quantized = Arena.ofShared();
    private final PaliGemmaConfig config;
    private final List<StageModel> models = new ArrayList<>(); // in the order of the options
    private final Random random = new Random(1);

    /**
     * Opens the weights.
     *
     * @param layers of the decoder of the whole model
     * @param visionLayers of the tower of the whole model
     * @param probe not closed by this
     * @param out gets each result
     * @throws dev.pg.core.PgException if they do not fit the configuration, or into memory
     */
    StageBench(
            Path directory,
            PaliGemmaConfig config,
            int layers,
            int visionLayers,
            BenchOptions options,
            MachineProbe probe,
            Consumer<Result> out) {
        this.options = options;
        this.probe = probe;
        this.out = out;
        this.config = config;
        try (Workers workers = new Workers(options.threads().getLast())) {
            checkpoint = switch (options.weights()) {
                case MAPPED -> Checkpoint.open(directory);
                case RESIDENT -> Checkpoint.openResident(directory, workers);
            };
            try {
                // Backwards, since what stays as it is comes first: if resident it is rearranged, and cannot be read
                // again.
                for (WeightFormats formats : options.formats().reversed()) {
                    WeightFormat format = WeightFormat.read(directory, formats);
                    models.addFirst(open(format, formats, layers, visionLayers, workers));
                }
            } catch (RuntimeException e) {
                close();
                throw e;
            }
        }
    }

    private StageModel open(WeightFormat format, WeightFormats formats, int layers, int visionLayers, Workers workers) {
        boolean resident = options.weights() == WeightMemory.RESIDENT;
        WeightMatrices matrices = new WeightMatrices(checkpoint, resident, formats, workers, quantized);
        ModelTensors tensors = new ModelTensors(checkpoint, matrices);
        return new StageModel(
                format.name(),
                format.made() ? WeightMemory.RESIDENT : options.weights(),
                StageWork.of(config, config.text().layers(), config.vision().layers(), format),
                StageWork.of(config, layers, visionLayers, format),
                new VisionTower(config.vision(), tensors),
                tensors.linear(
                        "multi_modal_projector.linear",
                        config.text().hiddenSize(),
                        config.vision().hiddenSize()),
                new Gemma(config.text(), tensors));
    }

    /** One picture: tower and projector. */
    void vision(Compute compute) {
        int side = config.vision().imageSize();
        int patches = config.vision().patches();
        float[] pixels = new float[config.vision().channels() * side * side];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = random.nextFloat(-1, 1);
        }
        Matrix features = new Matrix(patches, config.text().hiddenSize());
        measure(new Stage("vision", patches, 1, 1, StageWork::vision), compute, warm(model -> {
            Matrix encoded = model.vision().encode(compute, pixels, LayerTap.NONE);
            compute.matMul().multiply(encoded, model.projector(), features);
        }));
    }

    /** Prompts of several lengths and batch sizes, and steps behind each of them. */
    void text(Compute compute) {
        int patches = config.vision().patches();
        int room = config.text().maxPositions() - steps(options.runs());
        int[] lengths = Stream.of(patches, 2 * patches)
                .mapToInt(image -> Math.clamp(image + PROMPT_TOKENS, 1, room))
                .distinct()
                .toArray();
        models.forEach(model -> warmUpDecoding(model, compute));
        for (int length : lengths) {
            Prompt prompt = prompt(length);
            measure(
                    new Stage("prefill", length, 1, length, work -> work.prefill(length)),
                    compute,
                    warm(model -> prefill(model, prompt, 1, compute)));
            decode(prompt, compute);
        }
        int length = lengths[0];
        Prompt prompt = prompt(length);
        List<Repeated> once = models.stream()
                .map(model -> new Repeated(1, () -> prefill(model, prompt, PREFILL_BATCH, compute)))
                .toList();
        int tokens = PREFILL_BATCH * length;
        measure(
                new Stage(
                        "prefill",
                        length,
                        PREFILL_BATCH,
                        tokens,
                        work -> work.prefill(length).batched(PREFILL_BATCH)),
                compute,
                once);
    }

    private GemmaSequences prefill(StageModel model, Prompt prompt, int batch, Compute compute) {
        GemmaSequences sequences = new GemmaSequences(model.text(), compute, 0);
        for (int i = 0; i < batch; i++) {
            sequences.add(prompt, steps(options.runs()));
        }
        return sequences;
    }

    /** Behind a short prompt, since those that are measured should not grow. */
    private void warmUpDecoding(StageModel model, Compute compute) {
        int steps = Math.ceilDiv(WARM_LAYERS, config.text().layers());
        GemmaSequences sequences = new GemmaSequences(model.text(), compute, 0);
        sequences.add(prompt(1), DECODE_BATCHES.size() * steps);
        for (int batch : DECODE_BATCHES) {
            sequences.reorder(new int[batch]);
            Repeated.seconds(steps, () -> sequences.step(new int[batch]));
        }
    }

    /** The batches share one prompt, and its sequence grows from batch to batch by some steps, too few to show in the time. */
    private void decode(Prompt prompt, Compute compute) {
        int length = prompt.ids().length;
        List<GemmaSequences> sequences =
                models.stream().map(model -> prefill(model, prompt, 1, compute)).toList();
        for (int batch : DECODE_BATCHES) {
            int[] tokens = random.ints(batch, 0, config.text().vocabSize()).toArray();
            List<Repeated> steps = sequences.stream()
                    .map(each -> new Repeated(STEPS, () -> each.step(tokens)))
                    .toList();
            for (int i = 0; i < steps.size(); i++) {
                sequences.get(i).reorder(new int[batch]); // all continue the first
                steps.get(i).seconds(); // warms up
            }
            measure(new Stage("decode", length, batch, batch, work -> work.decode(length, batch)), compute, steps);
        }
    }

    private List<Repeated> warm(Consumer<StageModel> work) {
        return models.stream()
                .map(model -> Repeated.warm(() -> work.accept(model)))
                .toList();
    }

    /** @param work of each model */
    private void measure(Stage stage, Compute compute, List<Repeated> work) {
        int runs = options.runs();
        double[][] seconds = new double[work.size()][runs];
        Limit[][] limits = new Limit[work.size()][runs];
        for (int run = 0; run < runs; run++) {
            for (int i = 0; i < work.size(); i++) {
                limits[i][run] = probe.limit(compute.workers(), models.get(i).memory());
                seconds[i][run] = work.get(i).seconds();
            }
        }
        for (int i = 0; i < work.size(); i++) {
            Limit limit = Limit.median(List.of(limits[i]));
            out.accept(stage.result(models.get(i), compute.workers().threads(), Sample.of(seconds[i]), limit));
        }
    }

    /** Steps behind each prompt. */
    private static int steps(int runs) {
        return DECODE_BATCHES.size() * (runs + 1) * STEPS;
    }

    /** Any tokens, all of which see each other, as a PaliGemma's do. */
    private Prompt prompt(int length) {
        int[] ids = random.ints(length, 0, config.text().vocabSize()).toArray();
        return new Prompt(ids, length, 1, -1, null);
    }

    @Override
    public void close() {
        checkpoint.close();
        quantized.close();
    }
}
