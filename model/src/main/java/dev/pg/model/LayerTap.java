package dev.pg.model;

import dev.pg.kernels.Matrix;

/** Sees the residual stream behind each layer of a network; what {@code pg trace} listens with. */
@FunctionalInterface
public interface LayerTap {
    /** Nobody listens. */
    LayerTap NONE = (layer, hidden) -> {};

    /**
     * Called when a layer is done.
     *
     * @param layer index of the layer, from 0
     * @param hidden its output [tokens × hidden]; overwritten by the next layer, so copy what you keep
     */
    void layer(int layer, Matrix hidden);
}
