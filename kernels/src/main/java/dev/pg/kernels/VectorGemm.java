package dev.pg.kernels;

import dev.pg.core.Workers;

/** Matrix products on the Vector API: tiles for many rows, dots for few. */
final class VectorGemm implements MatMul.Backend {
    private final PackedGemm many;
    private final FewRows few;

    VectorGemm(Workers workers) {
        many = new PackedGemm(workers, WarmingTile.best());
        few = new FewRows(workers);
    }

    @Override
    public void multiply(Matrix x, Linear w, Matrix y) {
        if (x.rows() <= FewRows.MAX_TOKENS) {
            few.multiply(x, w, y);
        } else {
            many.multiply(x, w, y);
        }
    }
}
