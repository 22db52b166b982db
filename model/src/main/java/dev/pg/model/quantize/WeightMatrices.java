package dev.pg.model.quantize;

import dev.pg.core.Checkpoint;
import dev.pg.core.FreeMemory;
import dev.pg.core.HugePages;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import dev.pg.kernels.Quantization;
import dev.pg.kernels.QuantizedWeights;
import dev.pg.kernels.Quantizer;
import dev.pg.kernels.Weights;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * The weight matrices of a checkpoint: quantised in the file, quantised when they are first asked for, rearranged for decoding then, or as
 * they are. Those that are quantised here lie in huge pages of their own. Thread-safe, but while a matrix is quantised or rearranged.
 */
public final class WeightMatrices {
    /** What a decoder reads for every token. */
    private static final Pattern DECODER = Pattern.compile("(lm_head|language_model\\..*)\\.weight");

    private final Checkpoint checkpoint;
    private final boolean resident;
    private final QuantizedTensors stored;
    private final WeightFormats formats;
    private final Workers workers;
    private final Arena arena;
    private final Map<String, QuantizedWeights> made = new ConcurrentHashMap<>(); // by name
    private final Map<String, Weights> packed = new ConcurrentHashMap<>(); // likewise

    /**
     * Looks for quantised matrices in a checkpoint.
     *
     * @param resident true if the checkpoint lies in memory of its own. The decoder's matrices are then rearranged in place, and nobody may
     *     read their tensors any more
     * @param formats what to quantise
     * @param workers who quantises and rearranges; not closed by this; null if all matrices stay as they are
     * @param arena where that goes which is quantised; null likewise
     * @throws PgException if the checkpoint holds quantised matrices that are damaged or of a format unknown here
     */
    public WeightMatrices(
            Checkpoint checkpoint, boolean resident, WeightFormats formats, Workers workers, Arena arena) {
        this.checkpoint = checkpoint;
        this.resident = resident;
        this.formats = formats;
        this.workers = workers;
        this.arena = arena;
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        checkpoint.names().forEach(name -> tensors.put(name, checkpoint.tensor(name)));
        this.stored = QuantizedTensors.of(checkpoint.directory(), tensors, checkpoint.metadata());
    }

    /** What the file holds quantised. */
    public QuantizedTensors stored() {
        return stored;
    }

    /**
     * A matrix that the file holds quantised.
     *
     * @param name of the checkpoint
     * @param role what {@link dev.pg.model.ModelTensors} calls it
     * @throws PgException if it has another shape, or another format is wanted
     */
    public Weights stored(String name, String role, int rows, int cols) {
        QuantizedWeights weights = stored.weights().get(name);
        if (weights.rows() != rows || weights.cols() != cols) {
            throw new PgException(checkpoint.directory() + ": tensor " + weights + " should be [" + rows + ", " + cols
                    + "] by config.json; use the config.json of this checkpoint");
        }
        Optional<Quantization> wanted = formats.of(role);
        if (wanted.isPresent() && !wanted.get().name().equals(weights.format())) {
            throw new PgException(checkpoint.directory() + ": tensor " + weights + " cannot become " + wanted.get()
                    + "; take the checkpoint that it was made of");
        }
        return weights;
    }

    /** A matrix that the file holds as {@code tensor}, quantised if it is to be. */
    public Weights of(Tensor tensor, String role) {
        Optional<Quantization> format = formats.of(role);
        if (format.isPresent()) {
            return made.computeIfAbsent(tensor.name(), name -> quantize(Weights.of(tensor), format.get()));
        }
        return resident && DECODER.matcher(role).matches()
                ? packed.computeIfAbsent(tensor.name(), name -> Weights.packed(tensor, workers))
                : Weights.of(tensor);
    }

    private QuantizedWeights quantize(Weights source, Quantization format) {
        Quantizer quantizer = Quantizer.fit(source, format, workers);
        if (quantizer.bytes() > FreeMemory.bytes()) {
            throw new PgException(String.format(
                    Locale.ROOT,
                    "%s: no memory left for tensor %s as %s: %.1f GB are needed and %.1f GB free; quantise to a new directory first",
                    checkpoint.directory(),
                    source,
                    format,
                    quantizer.bytes() / 1e9,
                    FreeMemory.bytes() / 1e9));
        }
        return quantizer.encode(HugePages.allocate(arena, quantizer.bytes()), workers);
    }

    /**
     * Checks, when a model has taken all its matrices, that what was to be quantised is.
     *
     * @throws PgException if no matrix is
     */
    public void checkUsed() {
        boolean wanted = formats.text().isPresent() || formats.vision().isPresent();
        if (wanted && made.isEmpty() && stored.weights().isEmpty()) {
            throw new PgException(
                    checkpoint.directory()
                            + ": has no weights of the kind that is to be quantised; a vision tower alone has a format of its own");
        }
    }
}
