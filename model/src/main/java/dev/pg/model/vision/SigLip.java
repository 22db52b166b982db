package dev.pg.model.vision;

import dev.pg.kernels.Gelu;
import dev.pg.kernels.LayerNorm;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Mask;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Residual;
import dev.pg.model.Compute;
import dev.pg.model.LayerTap;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.VisionConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * The SigLIP vision tower: a picture's pixels to one embedding per patch. A pre-LayerNorm transformer with full attention, after
 * {@code SiglipVisionTransformer} in transformers' {@code modeling_siglip.py}.
 *
 * <p>Holds weights only, so it is immutable and thread-safe; each pass needs a {@link Compute} of its own.
 */
public final class SigLip {
    private static final String ROOT = "vision_tower.";

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Norm(float[] weight, float[] bias) {}

    private record Layer(Norm norm1, Linear qkv, Linear out, Norm norm2, Linear fc1, Linear fc2) {}

    private final VisionConfig config;
    private final PatchEmbedding embedding;
    private final List<Layer> layers = new ArrayList<>();
    private final Norm postNorm;

    /**
     * Finds the tower's weights.
     *
     * @throws dev.pg.core.PgException if a tensor is missing or has another shape than the config says
     */
    public SigLip(VisionConfig config, ModelTensors tensors) {
        this.config = config;
        this.embedding = new PatchEmbedding(config, tensors, ROOT + "embeddings.");
        for (int i = 0; i < config.layers(); i++) {
            layers.add(layer(tensors, ROOT + "encoder.layers." + i + "."));
        }
        this.postNorm = norm(tensors, ROOT + "post_layernorm");
    }

    private Layer layer(ModelTensors tensors, String at) {
        int hidden = config.hiddenSize();
        int inner = config.intermediateSize();
        return new Layer(
                norm(tensors, at + "layer_norm1"),
                qkv(tensors, at + "self_attn."),
                tensors.linear(at + "self_attn.out_proj", hidden, hidden),
                norm(tensors, at + "layer_norm2"),
                tensors.linear(at + "mlp.fc1", inner, hidden),
                tensors.linear(at + "mlp.fc2", hidden, inner));
    }

    private Norm norm(ModelTensors tensors, String at) {
        return new Norm(
                tensors.vector(at + ".weight", config.hiddenSize()), tensors.vector(at + ".bias", config.hiddenSize()));
    }

    /** The three projections as one layer, so that the activations are packed once for all of them. */
    private Linear qkv(ModelTensors tensors, String at) {
        int hidden = config.hiddenSize();
        return Linear.join(
                tensors.linear(at + "q_proj", hidden, hidden),
                tensors.linear(at + "k_proj", hidden, hidden),
                tensors.linear(at + "v_proj", hidden, hidden));
    }

    public VisionConfig config() {
        return config;
    }

    /** The room that turns pixels into the input of the first layer. */
    public PatchEmbedding embedding() {
        return embedding;
    }

    /**
     * Embeds one picture.
     *
     * @param pixels [channels × imageSize × imageSize], normalised
     * @return [patches × hidden], behind the closing LayerNorm
     */
    public Matrix encode(Compute compute, float[] pixels, LayerTap tap) {
        return encode(compute, embedding.embed(compute, pixels, config.imageSize(), config.imageSize()), tap);
    }

    /**
     * Runs the layers.
     *
     * @param x [patches × hidden], the patch embeddings with their positions; overwritten
     * @return [patches × hidden], behind the closing LayerNorm
     */
    public Matrix encode(Compute compute, Matrix x, LayerTap tap) {
        int n = x.rows();
        int hidden = config.hiddenSize();
        float eps = config.layerNormEps();
        float scale = (float) Math.pow(config.headDim(), -0.5);
        Matrix normed = new Matrix(n, hidden);
        Matrix qkv = new Matrix(n, 3 * hidden);
        Matrix q = qkv.columns(0, hidden);
        Matrix k = qkv.columns(hidden, hidden);
        Matrix v = qkv.columns(2 * hidden, hidden);
        Matrix attended = new Matrix(n, hidden);
        Matrix delta = new Matrix(n, hidden);
        Matrix inner = new Matrix(n, config.intermediateSize());
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            // x += out(attn(LN1 x))
            LayerNorm.apply(compute.workers(), x, layer.norm1.weight, layer.norm1.bias, eps, normed);
            compute.matMul().multiply(normed, layer.qkv, qkv);
            compute.attention()
                    .apply(q, k, v, config.heads(), config.heads(), config.headDim(), scale, 0, Mask.FULL, attended);
            compute.matMul().multiply(attended, layer.out, delta);
            Residual.add(compute.workers(), x, delta);
            // x += fc2(gelu(fc1(LN2 x)))
            LayerNorm.apply(compute.workers(), x, layer.norm2.weight, layer.norm2.bias, eps, normed);
            compute.matMul().multiply(normed, layer.fc1, inner);
            Gelu.apply(compute.workers(), inner);
            compute.matMul().multiply(inner, layer.fc2, delta);
            Residual.add(compute.workers(), x, delta);
            tap.layer(i, x);
        }
        LayerNorm.apply(compute.workers(), x, postNorm.weight, postNorm.bias, eps, normed);
        return normed;
    }
}
