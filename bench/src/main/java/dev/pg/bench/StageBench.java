package dev.pg.bench;

import dev.pg.core.Checkpoint;
import dev.pg.core.Workers;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Matrix;
import dev.pg.model.Compute;
import dev.pg.model.LayerTap;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.PaliGemmaConfig;
import dev.pg.model.quantize.WeightMatrices;
import dev.pg.model.siglip.VisionTower;
import dev.pg.model.text.Gemma;
import dev.pg.model.text.GemmaSequences;
import dev.pg.model.text.Prompt;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Measures the stages of one PaliGemma, each by itself, with teams of any size. Not thread-safe. */
final class StageBench implements AutoCloseable {
    /** Text behind the picture: that of a caption's prompt. */
    private static final int PROMPT_TOKENS = 4;

    private static final int PREFILL_BATCH = 4;
    private static final List<Integer> DECODE_BATCHES = List.of(1, 8);
    private static final int STEPS = 8;

    /** Layers of decoding after which C2 has compiled a step, be they of a few steps of a whole model or many of a slice. */
    private static final int WARM_LAYERS = 256;

    private final Checkpoint checkpoint;
    private final Arena quantized = Arena.ofShared();
    private final PaliGemmaConfig config;
    private final VisionTower vision;
    private final Linear projector;
    private final Gemma text;
    private final Random random = new Random(1);

    /**
     * Opens the weights.
     *
     * @throws dev.pg.core.PgException if they do not fit the configuration, or into memory
     */
    StageBench(Path directory, PaliGemmaConfig config, BenchOptions options) {
        this.config = config;
        this.checkpoint = open(directory, options);
        try (Workers workers = new Workers(options.threads().getLast())) {
            boolean resident = options.weights() == WeightMemory.RESIDENT;
            WeightMatrices matrices = new WeightMatrices(checkpoint, resident, options.formats(), workers, quantized);
            ModelTensors tensors = new ModelTensors(checkpoint, matrices);
            vision = new VisionTower(config.vision(), tensors);
            projector = tensors.linear(
                    "multi_modal_projector.linear",
                    config.text().hiddenSize(),
                    config.vision().hiddenSize());
            text = new Gemma(config.text(), tensors);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static Checkpoint open(Path directory, BenchOptions options) {
        return switch (options.weights()) {
            case MAPPED -> Checkpoint.open(directory);
            case RESIDENT -> {
                try (Workers workers = new Workers(options.threads().getLast())) {
                    yield Checkpoint.openResident(directory, workers);
                }
            }
        };
    }

    /** One picture: tower and projector. */
    void vision(int runs, Compute compute, StageResults results) {
        int side = config.vision().imageSize();
        int patches = config.vision().patches();
        float[] pixels = new float[config.vision().channels() * side * side];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = random.nextFloat(-1, 1);
        }
        Matrix features = new Matrix(patches, config.text().hiddenSize());
        Sample sample = Sample.of(runs, () -> {
            Matrix encoded = vision.encode(compute, pixels, LayerTap.NONE);
            compute.matMul().multiply(encoded, projector, features);
        });
        results.add("vision", patches, 1, sample, 1, StageWork::vision);
    }

    /** Prompts of several lengths and batch sizes, and steps behind each of them. */
    void text(int runs, Compute compute, StageResults results) {
        int patches = config.vision().patches();
        int room = config.text().maxPositions() - steps(runs);
        int[] lengths = Stream.of(patches, 2 * patches)
                .mapToInt(image -> Math.clamp(image + PROMPT_TOKENS, 1, room))
                .distinct()
                .toArray();
        warmUpDecoding(compute);
        for (int length : lengths) {
            Prompt prompt = prompt(length);
            Sample sample = Sample.of(runs, () -> prefill(prompt, 1, compute));
            results.add("prefill", length, 1, sample, length, work -> work.prefill(length));
            decode(prompt, runs, compute, results);
        }
        Prompt prompt = prompt(lengths[0]);
        Sample sample = Sample.of(runs, 1, () -> prefill(prompt, PREFILL_BATCH, compute));
        results.add(
                "prefill",
                lengths[0],
                PREFILL_BATCH,
                sample,
                PREFILL_BATCH * lengths[0],
                work -> work.prefill(lengths[0]).batched(PREFILL_BATCH));
    }

    private GemmaSequences prefill(Prompt prompt, int batch, Compute compute) {
        GemmaSequences sequences = new GemmaSequences(text, compute, 0);
        for (int i = 0; i < batch; i++) {
            sequences.add(prompt, steps(1));
        }
        return sequences;
    }

    /** Behind a short prompt, since those that are measured should not grow. */
    private void warmUpDecoding(Compute compute) {
        int steps = Math.ceilDiv(WARM_LAYERS, text.config().layers());
        GemmaSequences sequences = new GemmaSequences(text, compute, 0);
        sequences.add(prompt(1), DECODE_BATCHES.size() * steps);
        for (int batch : DECODE_BATCHES) {
            sequences.reorder(new int[batch]);
            Sample.seconds(steps, () -> sequences.step(new int[batch]));
        }
    }

    /** The batches share one prompt, and its sequence grows from batch to batch by some steps, too few to show in the time. */
    private void decode(Prompt prompt, int runs, Compute compute, StageResults results) {
        GemmaSequences sequences = prefill(prompt, 1, compute);
        int length = prompt.ids().length;
        for (int batch : DECODE_BATCHES) {
            sequences.reorder(new int[batch]); // all continue the first
            int[] tokens = random.ints(batch, 0, text.config().vocabSize()).toArray();
            Sample.seconds(STEPS, () -> sequences.step(tokens)); // warms up
            Sample sample = Sample.of(runs, STEPS, () -> sequences.step(tokens));
            results.add("decode", length, batch, sample, batch, work -> work.decode(length, batch));
        }
    }

    /** Steps behind each prompt. */
    private static int steps(int runs) {
        return DECODE_BATCHES.size() * (runs + 1) * STEPS;
    }

    /** Any tokens, all of which see each other, as a PaliGemma's do. */
    private Prompt prompt(int length) {
        int[] ids = random.ints(length, 0, text.config().vocabSize()).toArray();
        return new Prompt(ids, length, 1, -1, null);
    }

    @Override
    public void close() {
        checkpoint.close();
        quantized.close();
    }
}
