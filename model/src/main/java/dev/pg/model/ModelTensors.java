package dev.pg.model;

import dev.pg.core.Checkpoint;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Weights;
import java.util.LinkedHashMap;
import java.util.Map;

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
 * decoder and tower know one name for each of their tensors. Every getter checks the shape. Immutable and thread-safe.
 */
public final class ModelTensors {
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Checkpoint checkpoint;

    /**
     * Gives every tensor of a checkpoint its role.
     *
     * @param checkpoint open for as long as the tensors are used
     * @throws PgException if two tensors have the same role
     */
    public ModelTensors(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        for (String name : checkpoint.names()) {
            Tensor previous = tensors.put(role(name), checkpoint.tensor(name));
            if (previous != null) {
                throw new PgException(checkpoint.directory() + ": tensors \"" + previous.name() + "\" and \"" + name
                        + "\" have the same role; keep one of them");
            }
        }
    }

    /** The name here of the tensor that a file calls {@code name}. */
    static String role(String name) {
        String s = name.startsWith("model.") ? name.substring("model.".length()) : name;
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
        return tensors.containsKey(name);
    }

    /**
     * A float vector of {@code length}, copied.
     *
     * @throws PgException if it is missing, has another shape, or holds NaN or infinity
     */
    public float[] vector(String name, int length) {
        float[] values = tensor(name, length).toFloats();
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new PgException(checkpoint.directory() + ": tensor " + tensors.get(name)
                        + " holds NaN or infinity; the file is damaged, download it again");
            }
        }
        return values;
    }

    /** A float tensor of the given shape, copied row-major. */
    public float[] floats(String name, long... shape) {
        return tensor(name, shape).toFloats();
    }

    /** A weight matrix [rows × cols], a view of the mapped file. */
    public Weights weights(String name, int rows, int cols) {
        return Weights.of(tensor(name, rows, cols));
    }

    /** {@code name.weight} [rows × cols] and {@code name.bias} [rows]. */
    public Linear linear(String name, int rows, int cols) {
        return Linear.of(weights(name + ".weight", rows, cols), vector(name + ".bias", rows));
    }

    /**
     * The tensor in the role {@code name}.
     *
     * @throws PgException if it is missing or has another shape
     */
    public Tensor tensor(String name, long... shape) {
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
