package dev.pg.model;

import dev.pg.core.Checkpoint;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Weights;
import dev.pg.model.adapter.Adapters;
import dev.pg.model.quantize.WeightFormats;
import dev.pg.model.quantize.WeightMatrices;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The tensors of a checkpoint under one set of names, whichever of the schemes in circulation the file uses:
 *
 * <pre>
 *   here                                      published files                       4.52 and later       5.x save_pretrained
 *   language_model.layers.N.…                 language_model.model.layers.N.…       model.language_model.…   language_model.model.…
 *   vision_tower.encoder.layers.N.…           vision_tower.vision_model.encoder.…   model.vision_tower.…     vision_tower.encoder.…
 *   multi_modal_projector.linear.…            the same                              model.multi_modal_…      the same
 *   lm_head.weight                            language_model.lm_head.weight         lm_head.weight           absent
 * </pre>
 *
 * Text-only checkpoints ({@code model.layers.N.…}) and vision-only ones ({@code vision_model.…}) get the same prefixes, so that
 * decoder and tower know one name for each of their tensors; so do those of ColPali ({@code vlm.…}). Every getter checks the shape.
 *
 * <p>Linear layers come with what adapters do to them. Not thread-safe while a model takes its tensors.
 */
public final class ModelTensors {
    private final Checkpoint checkpoint;
    private final WeightMatrices weights;
    private final Map<String, Tensor> tensors;
    private final Map<String, String> quantized; // names of those that the file holds quantised, by role
    private final Map<String, float[]> vectors; // of the base; all that share it share them
    private final Map<String, Matrix> matrices; // likewise
    private final Adapters adapters;
    private final Set<String> layers = new LinkedHashSet<>(); // linear ones that were asked for

    /**
     * Gives every tensor of a checkpoint its role; all stay as they are in the file.
     *
     * @param checkpoint open for as long as the tensors are used
     * @throws PgException if two tensors have the same role, or quantised ones are damaged
     */
    public ModelTensors(Checkpoint checkpoint) {
        this(checkpoint, new WeightMatrices(checkpoint, false, WeightFormats.AS_STORED, null, null));
    }

    /**
     * Gives every tensor of a checkpoint its role.
     *
     * @param checkpoint open for as long as the tensors are used
     * @param weights the matrices of {@code checkpoint}
     * @throws PgException if two tensors have the same role
     */
    public ModelTensors(Checkpoint checkpoint, WeightMatrices weights) {
        this.checkpoint = checkpoint;
        this.weights = weights;
        this.tensors = new LinkedHashMap<>();
        this.quantized = new HashMap<>();
        this.vectors = new ConcurrentHashMap<>();
        this.matrices = new ConcurrentHashMap<>();
        this.adapters = Adapters.beside(List.of());
        Map<String, String> names = new HashMap<>(); // by role
        for (String name : checkpoint.names()) {
            if (!weights.stored().isPart(name)) {
                tensors.put(role(name), checkpoint.tensor(name));
                checkAlone(name, names);
            }
        }
        for (String name : weights.stored().weights().keySet()) {
            quantized.put(role(name), name);
            checkAlone(name, names);
        }
    }

    private void checkAlone(String name, Map<String, String> names) {
        String previous = names.put(role(name), name);
        if (previous != null) {
            throw new PgException(checkpoint.directory() + ": tensors \"" + previous + "\" and \"" + name
                    + "\" have the same role; keep one of them");
        }
    }

    private ModelTensors(ModelTensors base, Adapters adapters) {
        this.checkpoint = base.checkpoint;
        this.weights = base.weights;
        this.tensors = base.tensors;
        this.quantized = base.quantized;
        this.vectors = base.vectors;
        this.matrices = base.matrices;
        this.adapters = adapters;
    }

    /** The same tensors under adapters; nothing of the base is copied, but what the adapters merge. */
    ModelTensors with(Adapters adapters) {
        return new ModelTensors(this, adapters);
    }

    /**
     * Checks, when a model has taken all its tensors, that its adapters fit, and that something was quantised if it was to be.
     *
     * @throws PgException if something is left over or missing
     */
    void checkComplete() {
        weights.checkUsed();
        adapters.checkComplete(layers, checkpoint.directory());
    }

    /** The name here of the tensor that a file calls {@code name}. */
    public static String role(String name) {
        String s = replacePrefix(name, "vlm.", "");
        while (s.startsWith("model.")) {
            s = s.substring("model.".length());
        }
        s = replacePrefix(s, "custom_text_proj.", "embedding_proj_layer.");
        s = replacePrefix(s, "language_model.model.", "language_model.");
        s = replacePrefix(s, "language_model.lm_head.", "lm_head.");
        s = replacePrefix(s, "vision_tower.vision_model.", "vision_tower.");
        s = replacePrefix(s, "vision_model.", "vision_tower.");
        for (String bare : new String[] {"embed_tokens.", "layers.", "norm."}) {
            s = replacePrefix(s, bare, "language_model." + bare);
        }
        for (String bare : new String[] {"embeddings.", "encoder.", "post_layernorm.", "head."}) {
            s = replacePrefix(s, bare, "vision_tower." + bare);
        }
        return s;
    }

    private static String replacePrefix(String s, String from, String to) {
        return s.startsWith(from) ? to + s.substring(from.length()) : s;
    }

    /** True if there is a tensor in the role {@code name}. */
    public boolean has(String name) {
        return tensors.containsKey(name) || quantized.containsKey(name);
    }

    /**
     * Rows of the tensor in the role {@code name}, where the configuration does not give them.
     *
     * @throws PgException if it is missing or no matrix
     */
    public int rows(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null || tensor.rank() != 2 || tensor.dim(0) > 1 << 20) {
            throw new PgException(checkpoint.directory() + ": "
                    + (tensor == null ? "no tensor for \"" + name + "\"" : tensor + " is no matrix of this model")
                    + "; config.json belongs to another checkpoint");
        }
        return (int) tensor.dim(0);
    }

    /**
     * A float vector of {@code length}; shared by all who ask for it, so never to be written to.
     *
     * @throws PgException if it is missing, has another shape, or holds NaN or infinity
     */
    public float[] vector(String name, int length) {
        Tensor tensor = tensor(name, length);
        return tensor == tensors.get(name) ? vectors.computeIfAbsent(name, n -> finite(tensor)) : finite(tensor);
    }

    private float[] finite(Tensor tensor) {
        float[] values = tensor.toFloats();
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new PgException(checkpoint.directory() + ": tensor " + tensor
                        + " holds NaN or infinity; the file is damaged, download it again");
            }
        }
        return values;
    }

    /** A float tensor of the given shape, copied row-major. */
    public float[] floats(String name, long... shape) {
        return tensor(name, shape).toFloats();
    }

    /** A matrix [rows × cols] as floats; shared by all who ask for it, so never to be written to. */
    public Matrix matrix(String name, int rows, int cols) {
        Tensor tensor = tensor(name, rows, cols);
        return tensor == tensors.get(name)
                ? matrices.computeIfAbsent(name, n -> Matrix.of(rows, cols, tensor.toFloats()))
                : Matrix.of(rows, cols, tensor.toFloats());
    }

    /** A weight matrix [rows × cols]: a view of the checkpoint, unless it is quantised now. */
    public Weights weights(String name, int rows, int cols) {
        return adapters.replacement(name, rows, cols).map(Weights::of).orElseGet(() -> baseWeights(name, rows, cols));
    }

    private Weights baseWeights(String name, int rows, int cols) {
        String stored = quantized.get(name);
        return stored == null
                ? weights.of(baseTensor(name, rows, cols), name)
                : weights.stored(stored, name, rows, cols);
    }

    /** The layer of {@code name.weight} [rows × cols] and {@code name.bias} [rows], with what adapters do to it. */
    public Linear linear(String name, int rows, int cols) {
        layers.add(name);
        return adapted(name, weights(name + ".weight", rows, cols), vector(name + ".bias", rows));
    }

    /** The layer of {@code name.weight} [rows × cols] without a bias, with what adapters do to it. */
    public Linear projection(String name, int rows, int cols) {
        layers.add(name);
        return adapted(name, weights(name + ".weight", rows, cols), null);
    }

    /**
     * The layer {@code name} [rows × cols], whose weights are those of the base's tensor {@code source}, with what adapters do to it. An
     * adapter may bring weights of its own for the layer; one that replaces the source leaves the layer alone, as PEFT does.
     */
    public Linear tied(String name, String source, int rows, int cols) {
        Weights own = adapters.replacement(name + ".weight", rows, cols)
                .map(Weights::of)
                .orElseGet(() -> baseWeights(source, rows, cols));
        return adapted(name, own, null);
    }

    /**
     * A convolution as the layer that multiplies flattened patches, with what adapters do to it.
     *
     * @param shape of {@code name.weight}: outputs first
     */
    public Linear convolution(String name, long... shape) {
        Tensor weight = tensor(name + ".weight", shape);
        return adapted(name, Weights.of(weight), vector(name + ".bias", Math.toIntExact(shape[0])));
    }

    private Linear adapted(String name, Weights weights, float[] bias) {
        return adapters.apply(name, weights, bias, checkpoint.directory());
    }

    /**
     * The tensor in the role {@code name}.
     *
     * @throws PgException if it is missing or has another shape
     */
    public Tensor tensor(String name, long... shape) {
        Optional<Tensor> replacement = adapters.replacement(name, shape);
        return replacement.isPresent() ? replacement.get() : baseTensor(name, shape);
    }

    private Tensor baseTensor(String name, long... shape) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new PgException(checkpoint.directory() + ": no tensor for \"" + name
                    + "\"; a shard is missing, or config.json belongs to another checkpoint");
        }
        return checkpoint.tensor(tensor.name(), shape);
    }

    /**
     * Looks for the cause of NaN in a result.
     *
     * @return the first tensor that holds NaN or infinity, named as in the file, or null; reads the whole checkpoint
     */
    public String firstNonFinite() {
        for (Tensor tensor : tensors.values()) {
            switch (tensor.dtype()) {
                case F32, F16, BF16 -> {
                    Weights weights = Weights.of(tensor.rank() >= 2 ? tensor : asRow(tensor));
                    float[] row = new float[weights.cols()];
                    for (int r = 0; r < weights.rows(); r++) {
                        weights.copyRow(r, row, 0);
                        for (float value : row) {
                            if (!Float.isFinite(value)) {
                                return tensor.name();
                            }
                        }
                    }
                }
                default -> {}
            }
        }
        return null;
    }

    private static Tensor asRow(Tensor tensor) {
        return new Tensor(tensor.name(), tensor.dtype(), new long[] {1, tensor.elements()}, tensor.data());
    }
}
