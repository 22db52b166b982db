package dev.pg.kernels;

import dev.pg.core.Workers;

/** Matrix products on the Vector API: tiles for many rows, dots for few. */
final class VectorGemm implements MatMul.Backend {
    private final PackedGemm many;
    private final MatMul.Backend few;

    VectorGemm(Workers workers) {
        many = new PackedGemm(workers, Tile.best());
        few = new ScalarGemm(workers);
    }

    @Override
    public void multiply(Matrix x, Linear w, Matrix y) {
        if (x.rows() <= 16) {
            few.multiply(x, w, y);
        } else {
            many.multiply(x, w, y);
        }
    }
}
