package dev.pg.model.siglip;

import dev.pg.core.Tensor;
import dev.pg.kernels.Blocks;
import dev.pg.kernels.Gelu;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Residual;
import dev.pg.kernels.Weights;
import dev.pg.model.Compute;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.EncoderConfig;
import java.util.Arrays;

/**
 * SigLIP's attention pooling (MAP) head: a learned probe attends to all patches of a picture and passes through an MLP, giving one
 * embedding per picture; {@code SiglipMultiheadAttentionPoolingHead} in transformers' {@code modeling_siglip.py}. Immutable and
 * thread-safe.
 */
public final class PoolingHead {
    private static final String ROOT = "vision_tower.head.";

    private final EncoderConfig config;
    private final Matrix probe; // [1 × hidden]
    private final Linear query;
    private final Linear keyValue;
    private final Linear out;
    private final Norm norm;
    private final Linear fc1;
    private final Linear fc2;

    /**
     * Finds the head's weights.
     *
     * @throws dev.pg.core.PgException if a tensor is missing or has another shape
     */
    public PoolingHead(EncoderConfig config, ModelTensors tensors) {
        this.config = config;
        int hidden = config.hiddenSize();
        this.probe = Matrix.of(1, hidden, tensors.floats(ROOT + "probe", 1, 1, hidden));
        // torch's MultiheadAttention keeps the three projections in one matrix; the probe needs q, the patches k and v.
        Tensor packed = tensors.tensor(ROOT + "attention.in_proj_weight", 3L * hidden, hidden);
        float[] bias = tensors.vector(ROOT + "attention.in_proj_bias", 3 * hidden);
        this.query = Linear.of(rows(packed, 0, hidden), slice(bias, 0, hidden));
        this.keyValue = Linear.of(rows(packed, hidden, 2 * hidden), slice(bias, hidden, 2 * hidden));
        this.out = tensors.linear(ROOT + "attention.out_proj", hidden, hidden);
        this.norm = new Norm(config, tensors, ROOT + "layernorm");
        this.fc1 = tensors.linear(ROOT + "mlp.fc1", config.intermediateSize(), hidden);
        this.fc2 = tensors.linear(ROOT + "mlp.fc2", hidden, config.intermediateSize());
    }

    /** True if the checkpoint has this head; PaliGemma's have not. */
    public static boolean isIn(ModelTensors tensors) {
        return tensors.has(ROOT + "probe");
    }

    /**
     * Pools the patches of each picture.
     *
     * @param patches the tower's output [patches of all pictures × hidden]
     * @return one embedding per picture [pictures × hidden], not normalised
     */
    public Matrix pool(Compute compute, Matrix patches, Blocks pictures) {
        int n = pictures.count();
        int hidden = config.hiddenSize();
        int heads = config.heads();
        Matrix q = new Matrix(1, hidden);
        compute.matMul().multiply(probe, query, q);
        Matrix queries = new Matrix(n, hidden);
        for (int i = 0; i < n; i++) {
            System.arraycopy(q.data(), q.at(0), queries.data(), queries.at(i), hidden);
        }
        Matrix kv = new Matrix(patches.rows(), 2 * hidden);
        compute.matMul().multiply(patches, keyValue, kv);
        Matrix k = kv.columns(0, hidden);
        Matrix v = kv.columns(hidden, hidden);
        Matrix attended = new Matrix(n, hidden);
        compute.attention()
                .apply(
                        queries,
                        k,
                        v,
                        heads,
                        heads,
                        config.headDim(),
                        config.attentionScale(),
                        0,
                        pictures.oneQueryEach(),
                        attended);
        Matrix x = new Matrix(n, hidden);
        compute.matMul().multiply(attended, out, x);
        Matrix normed = new Matrix(n, hidden);
        norm.apply(compute, x, normed);
        Matrix inner = new Matrix(n, config.intermediateSize());
        compute.matMul().multiply(normed, fc1, inner);
        Gelu.apply(compute.workers(), inner);
        Matrix delta = new Matrix(n, hidden);
        compute.matMul().multiply(inner, fc2, delta);
        Residual.add(compute.workers(), x, delta);
        return x;
    }

    private static Weights rows(Tensor matrix, int from, int count) {
        long rowBytes = matrix.dim(1) * matrix.dtype().bytes();
        return Weights.of(new Tensor(
                matrix.name(),
                matrix.dtype(),
                new long[] {count, matrix.dim(1)},
                matrix.data().asSlice(from * rowBytes, count * rowBytes)));
    }

    private static float[] slice(float[] values, int from, int count) {
        return Arrays.copyOfRange(values, from, from + count);
    }
}
