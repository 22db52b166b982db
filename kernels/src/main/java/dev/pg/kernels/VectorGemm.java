package dev.pg.kernels;

import dev.pg.core.Workers;

/** Matrix products on the Vector API: tiles for many rows, dots for few. */
final class VectorGemm implements MatMul.Backend {
    private final PackedGemm many;
    private final FewRows few;
    private final FewTiles quantized;
    private final FewPanels panels;

    VectorGemm(Workers workers) {
        many = new PackedGemm(workers, new WarmingTile(Tile.best()));
        few = new FewRows(workers);
        quantized = new FewTiles(workers);
        panels = new FewPanels(workers);
    }

    @Override
    public void multiply(Matrix x, Linear w, Matrix y) {
        if (x.rows() > FewRows.MAX_TOKENS) {
            many.multiply(x, w, y);
        } else if (FewTiles.takes(w)) {
            quantized.multiply(x, w, y);
        } else if (FewPanels.takes(w)) {
            panels.multiply(x, w, y);
        } else {
            few.multiply(x, w, y);
        }
    }
}
