package dev.pg.kernels;

import dev.pg.core.Workers;

/** The sum that closes a residual connection. */
public final class Residual {
    private Residual() {}

    /** x += delta; both [n × width]. */
    public static void add(Workers team, Matrix x, Matrix delta) {
        if (x.rows() != delta.rows() || x.cols() != delta.cols()) {
            throw new IllegalArgumentException("cannot add [" + delta.rows() + " x " + delta.cols() + "] to ["
                    + x.rows() + " x " + x.cols() + "]");
        }
        if (RowTasks.few(x.rows(), x.cols())) {
            rows(x, delta, 0, x.rows());
        } else {
            RowTasks.run(team, x.rows(), x.cols(), (from, to) -> rows(x, delta, from, to));
        }
    }

    private static void rows(Matrix x, Matrix delta, int from, int to) {
        for (int r = from; r < to; r++) {
            add(x.data(), x.at(r), delta.data(), delta.at(r), x.cols());
        }
    }

    /** A plain loop, which memory bounds anyway: one rounding per element leaves nothing to differ. */
    private static void add(float[] x, int xOffset, float[] delta, int deltaOffset, int count) {
        for (int i = 0; i < count; i++) {
            x[xOffset + i] += delta[deltaOffset + i];
        }
    }
}
