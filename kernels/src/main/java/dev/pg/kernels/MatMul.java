package dev.pg.kernels;

import dev.pg.core.Workers;

/**
 * The door to matrix products: y = x·Wᵀ + bias, for float activations and weights of any format.
 *
 * <p>Every element of y is bit-equal for any number of workers, before and after the JIT has warmed up, and wherever it lies in
 * y (but for the place with OpenBLAS). It may differ in the last bits between backends, between vector widths, and between few and many rows of x, because these
 * add in another order.
 *
 * <p>Owns its scratch memory, which grows to the largest product seen; in steady state nothing is allocated. Not thread-safe.
 */
public final class MatMul {
    private final Backend backend;
    private final LowRankProducts updates;

    /** A way to multiply; not thread-safe. */
    interface Backend {
        /** As {@link MatMul#multiply} without the updates, with shapes that fit and are not empty. */
        void multiply(Matrix x, Linear w, Matrix y);
    }

    /**
     * @param workers who shares the work; not closed by this
     * @param gemm which kernels, see {@link Gemm#best()}
     */
    public MatMul(Workers workers, Gemm gemm) {
        backend = gemm.backend(workers);
        updates = new LowRankProducts(workers);
    }

    /**
     * y = x·Wᵀ + bias, and what the low-rank updates of w add.
     *
     * @param x [rows × w.cols()], may be a window
     * @param w [outputs × inputs]
     * @param y [rows × w.rows()], may be a window; overwritten, and must not overlap x
     * @throws IllegalArgumentException if the shapes do not fit
     */
    public void multiply(Matrix x, Linear w, Matrix y) {
        if (x.cols() != w.cols() || y.cols() != w.rows() || x.rows() != y.rows()) {
            throw new IllegalArgumentException("[" + x.rows() + " x " + x.cols() + "] times the transpose of ["
                    + w.rows() + " x " + w.cols() + "] is not [" + y.rows() + " x " + y.cols() + "]");
        }
        if (x.rows() > 0 && w.rows() > 0) {
            WarmUp.expect((long) x.rows() * w.cols() * w.rows());
            backend.multiply(x, w, y);
            if (w.down() != null) {
                updates.add(x, w, y, backend);
            }
        }
    }
}
