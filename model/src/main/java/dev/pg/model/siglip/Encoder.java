package dev.pg.model.siglip;

import dev.pg.kernels.Gelu;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Mask;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Residual;
import dev.pg.model.Compute;
import dev.pg.model.LayerTap;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.EncoderConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * The layers that SigLIP's vision and text tower share: a pre-LayerNorm transformer whose attention looks both ways, after {@code
 * SiglipEncoder} in transformers' {@code modeling_siglip.py}.
 *
 * <p>Holds weights only, so it is immutable and thread-safe; each pass needs a {@link Compute} of its own.
 */
final class Encoder {
    private record Layer(Norm norm1, Linear qkv, Linear out, Norm norm2, Linear fc1, Linear fc2) {}

    private final EncoderConfig config;
    private final List<Layer> layers = new ArrayList<>();
    private final Norm lastNorm;

    /**
     * Finds the weights.
     *
     * @param root what the tensor names of the tower begin with
     * @param lastNorm name of the norm behind the layers
     * @throws dev.pg.core.PgException if a tensor is missing or has another shape than the config says
     */
    Encoder(EncoderConfig config, ModelTensors tensors, String root, String lastNorm) {
        this.config = config;
        for (int i = 0; i < config.layers(); i++) {
            layers.add(layer(tensors, root + "encoder.layers." + i + "."));
        }
        this.lastNorm = new Norm(config, tensors, root + lastNorm);
    }

    private Layer layer(ModelTensors tensors, String at) {
        int hidden = config.hiddenSize();
        int inner = config.intermediateSize();
        return new Layer(
                new Norm(config, tensors, at + "layer_norm1"),
                qkv(tensors, at + "self_attn."),
                tensors.linear(at + "self_attn.out_proj", hidden, hidden),
                new Norm(config, tensors, at + "layer_norm2"),
                tensors.linear(at + "mlp.fc1", inner, hidden),
                tensors.linear(at + "mlp.fc2", hidden, inner));
    }

    /** The three projections as one layer, so that the activations are packed once for all of them. */
    private Linear qkv(ModelTensors tensors, String at) {
        int hidden = config.hiddenSize();
        return Linear.join(
                tensors.linear(at + "q_proj", hidden, hidden),
                tensors.linear(at + "k_proj", hidden, hidden),
                tensors.linear(at + "v_proj", hidden, hidden));
    }

    /**
     * Runs the layers, block by block of tokens but for attention.
     *
     * @param x [tokens × hidden], the embeddings with their positions; becomes the output of the last layer behind the closing LayerNorm
     * @param mask who sees whom
     * @return x
     */
    Matrix encode(Compute compute, Matrix x, Mask mask, LayerTap tap) {
        int n = x.rows();
        int hidden = config.hiddenSize();
        int heads = config.heads();
        float scale = config.attentionScale();
        int step = Compute.blockRows(n);
        Matrix branches = new Matrix(step, hidden);
        Matrix inners = new Matrix(step, config.intermediateSize());
        Matrix qkv = new Matrix(n, 3 * hidden);
        Matrix q = qkv.columns(0, hidden);
        Matrix k = qkv.columns(hidden, hidden);
        Matrix v = qkv.columns(2 * hidden, hidden);
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            for (int row = 0; row < n; row += step) {
                int count = Math.min(step, n - row);
                Matrix branch = branches.rows(0, count);
                layer.norm1.apply(compute, x.rows(row, count), branch);
                compute.matMul().multiply(branch, layer.qkv, qkv.rows(row, count));
            }
            compute.attention().apply(q, k, v, heads, heads, config.headDim(), scale, 0, mask, q);
            for (int row = 0; row < n; row += step) {
                int count = Math.min(step, n - row);
                close(
                        compute,
                        layer,
                        q.rows(row, count),
                        x.rows(row, count),
                        branches.rows(0, count),
                        inners.rows(0, count));
            }
            tap.layer(i, x);
        }
        lastNorm.apply(compute, x, x);
        return x;
    }

    /** What follows attention: x += out(attended); x += fc2(gelu(fc1(LN2 x))). */
    private static void close(Compute compute, Layer layer, Matrix attended, Matrix x, Matrix branch, Matrix inner) {
        compute.matMul().multiply(attended, layer.out, branch);
        Residual.add(compute.workers(), x, branch);
        layer.norm2.apply(compute, x, branch);
        compute.matMul().multiply(branch, layer.fc1, inner);
        Gelu.apply(compute.workers(), inner);
        compute.matMul().multiply(inner, layer.fc2, branch);
        Residual.add(compute.workers(), x, branch);
    }
}
