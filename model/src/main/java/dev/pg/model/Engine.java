package dev.pg.model;

import dev.pg.core.Checkpoint;
import dev.pg.core.PgException;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.WarmUp;
import dev.pg.model.ModelOptions.AdapterUse;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.adapter.Adapters;
import dev.pg.model.config.ConfigNode;
import dev.pg.model.config.VisionConfig;
import dev.pg.model.image.ImageProcessor;
import dev.pg.model.image.Size;
import dev.pg.model.quantize.WeightMatrices;
import dev.pg.tokenizer.Tokenizer;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * What every kind of open model stands on: the directory, its checkpoint, a worker team, and the rule that one caller computes at
 * a time. Thread-safe.
 */
final class Engine implements AutoCloseable {
    /** Bytes of a model that is done with its first picture before its kernels could be compiled. */
    private static final long TINY = 1 << 24;

    private static final List<String> TOKENIZER_FILES = List.of("tokenizer.model", "spiece.model", "tokenizer.json");

    private final Engine owner; // of the checkpoint, the team and the lock: this, unless it only has other adapters
    private final Path directory;
    private final ConfigNode config;
    private final ModelOptions options;
    private final Checkpoint checkpoint;
    private final ModelTensors base;
    private final ModelTensors tensors; // base, with adapters
    private final Arena made = Arena.ofShared(); // weights that were quantised or merged with adapters
    private final Compute compute;
    private final ReentrantLock lock = new ReentrantLock(true);
    private Tokenizer tokenizer;
    private boolean closed;

    Engine(Path directory, ConfigNode config, ModelOptions options) {
        this.owner = this;
        this.directory = directory;
        this.config = config;
        this.options = options;
        this.compute = Compute.start(options.threads(), options.gemm());
        Checkpoint opened = null;
        try {
            opened = switch (options.weights()) {
                case MAPPED -> Checkpoint.open(directory);
                case RESIDENT -> Checkpoint.openResident(directory, compute.workers());
            };
            this.checkpoint = opened;
            boolean resident = options.weights() == WeightMemory.RESIDENT;
            WeightMatrices matrices =
                    new WeightMatrices(checkpoint, resident, options.formats(), compute.workers(), made);
            this.base = new ModelTensors(checkpoint, matrices);
            this.tensors = base.with(adapters(options));
            if (checkpoint.bytes() > TINY) {
                WarmUp.start(checkpoint.largest().data());
            }
        } catch (RuntimeException | Error e) {
            compute.close();
            if (opened != null) {
                opened.close();
            }
            made.close();
            throw e;
        }
    }

    private Engine(Engine owner, List<Adapter> adapters) {
        this.owner = owner;
        this.directory = owner.directory;
        this.config = owner.config;
        this.options = owner.options.withAdapters(adapters, AdapterUse.BESIDE);
        this.checkpoint = owner.checkpoint;
        this.base = owner.base;
        this.tensors = base.with(Adapters.beside(adapters));
        this.compute = owner.compute;
    }

    private Adapters adapters(ModelOptions options) {
        return switch (options.adapterUse()) {
            case BESIDE -> Adapters.beside(options.adapters());
            case MERGED -> Adapters.merged(options.adapters(), compute.workers(), made);
        };
    }

    /** The same base with other adapters beside it. It shares everything, takes turns with this one, and need not be closed. */
    Engine with(List<Adapter> adapters) {
        return new Engine(owner, adapters);
    }

    Path directory() {
        return directory;
    }

    ConfigNode config() {
        return config;
    }

    ModelOptions options() {
        return options;
    }

    ModelTensors tensors() {
        return tensors;
    }

    /** Only inside {@link #exclusively}. */
    Compute compute() {
        return compute;
    }

    /**
     * Runs {@code work} while nobody else computes on this model: callers queue, since each of them uses all workers.
     *
     * @throws IllegalStateException if the model is closed
     */
    <T> T exclusively(Supplier<T> work) {
        owner.lock.lock();
        try {
            if (owner.closed) {
                throw new IllegalStateException("the model " + directory + " is closed");
            }
            return work.get();
        } finally {
            owner.lock.unlock();
        }
    }

    /** True if the directory has a tokenizer; token ids are all that a model itself needs. */
    boolean hasTokenizer() {
        return TOKENIZER_FILES.stream().anyMatch(file -> Files.exists(directory.resolve(file)));
    }

    /**
     * The tokenizer, opened when it is first asked for.
     *
     * @param vocabSize rows of the model's embedding table
     * @throws PgException if there is none, it is broken, or it knows more tokens than the model
     */
    Tokenizer tokenizer(int vocabSize) {
        return exclusively(() -> {
            if (owner.tokenizer == null) {
                Tokenizer opened = Tokenizer.open(directory);
                if (opened.size() > vocabSize) {
                    throw new PgException(directory + ": the tokenizer has " + opened.size()
                            + " pieces but the model's vocabulary only " + vocabSize
                            + "; it belongs to another model, copy the right tokenizer files here");
                }
                owner.tokenizer = opened;
            }
            return owner.tokenizer;
        });
    }

    /**
     * What turns pictures into the tower's pixels.
     *
     * @throws PgException if {@code preprocessor_config.json} makes pictures of another size than the tower sees, or the options have
     *     a budget of patches for a tower that has none
     */
    ImageProcessor imageProcessor(VisionConfig vision) {
        if (vision.naFlex()) {
            ImageProcessor processor = ImageProcessor.openNaFlex(directory, vision.patchSize());
            return options.maxPatches().isPresent()
                    ? processor.withMaxPatches(options.maxPatches().getAsInt())
                    : processor;
        }
        if (options.maxPatches().isPresent()) {
            throw new PgException(directory + ": this model sees every picture at " + vision.imageSize() + " x "
                    + vision.imageSize() + " pixels; only a NaFlex model has a budget of patches");
        }
        int side = vision.imageSize();
        ImageProcessor processor = ImageProcessor.open(directory, side);
        Size size = processor.size(side, side);
        if (size.width() != side || size.height() != side) {
            throw new PgException(directory + ": preprocessor_config.json makes pictures of " + size.width() + " x "
                    + size.height() + " pixels, config.json expects " + side + " x " + side
                    + "; the files belong to different checkpoints");
        }
        return processor;
    }

    /** End tokens: {@code generation_config.json} decides, else the configuration, else Gemma's {@code <eos>}. */
    Set<Integer> stopIds() {
        Path file = directory.resolve("generation_config.json");
        if (Files.exists(file)) {
            List<Integer> ids = ConfigNode.read(file).integers("eos_token_id");
            if (!ids.isEmpty()) {
                return Set.copyOf(ids);
            }
        }
        for (ConfigNode node : List.of(config.object("text_config"), config)) {
            List<Integer> ids = node.integers("eos_token_id");
            if (!ids.isEmpty()) {
                return Set.copyOf(ids);
            }
        }
        return Set.of(1);
    }

    /**
     * Checks the last row of a result, and says which tensor is to blame, which only a look at all of them can tell.
     *
     * @param what the result in the error message, a plural
     * @throws PgException if it holds NaN or infinity
     */
    void checkFinite(Matrix result, String what) {
        int at = result.at(result.rows() - 1);
        for (int i = 0; i < result.cols(); i++) {
            if (!Float.isFinite(result.data()[at + i])) {
                String culprit = tensors.firstNonFinite();
                throw new PgException(directory + ": " + what + " are not finite; "
                        + (culprit == null
                                ? "the activations overflow float32"
                                : "tensor \"" + culprit + "\" holds NaN or infinity, download the checkpoint again"));
            }
        }
    }

    /** Waits for a computation under way, then stops the team and unmaps the weights, if this owns them. Idempotent. */
    @Override
    public void close() {
        if (owner != this) {
            return;
        }
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                compute.close();
                checkpoint.close();
                made.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
