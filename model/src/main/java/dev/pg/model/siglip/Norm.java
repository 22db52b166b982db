package dev.pg.model.siglip;

import dev.pg.kernels.LayerNorm;
import dev.pg.kernels.Matrix;
import dev.pg.model.Compute;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.EncoderConfig;

/** The weights of one LayerNorm. Immutable and thread-safe. */
final class Norm {
    private final float[] weight;
    private final float[] bias;
    private final float eps;

    /** @param at name of the tensors without {@code .weight} and {@code .bias} */
    Norm(EncoderConfig config, ModelTensors tensors, String at) {
        this.weight = tensors.vector(at + ".weight", config.hiddenSize());
        this.bias = tensors.vector(at + ".bias", config.hiddenSize());
        this.eps = config.layerNormEps();
    }

    void apply(Compute compute, Matrix x, Matrix y) {
        LayerNorm.apply(compute.workers(), x, weight, bias, eps, y);
    }
}
