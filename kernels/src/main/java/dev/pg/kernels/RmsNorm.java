package dev.pg.kernels;

import dev.pg.core.Workers;

/**
 * Root-mean-square normalisation (Zhang and Sennrich, arXiv 1910.07467) as Gemma has it, with weights stored around 0:
 * y = x / √(mean(x²) + eps) · (1 + weight), the mean over each row.
 */
public final class RmsNorm {
    private RmsNorm() {}

    /**
     * Normalises every row of {@code x} into {@code y}; both [n × width], and {@code y} may be {@code x}.
     *
     * @param weight [width]
     */
    public static void apply(Workers team, Matrix x, float[] weight, float eps, Matrix y) {
        if (x.rows() != y.rows() || x.cols() != y.cols() || weight.length != x.cols()) {
            throw new IllegalArgumentException("RMS norm of [" + x.rows() + " x " + x.cols() + "] into [" + y.rows()
                    + " x " + y.cols() + "] with " + weight.length + " weights");
        }
        if (RowTasks.few(x.rows(), x.cols())) {
            rows(x, weight, eps, y, 0, x.rows());
        } else {
            RowTasks.run(team, x.rows(), x.cols(), (from, to) -> rows(x, weight, eps, y, from, to));
        }
    }

    private static void rows(Matrix x, float[] weight, float eps, Matrix y, int from, int to) {
        for (int r = from; r < to; r++) {
            Scalar.row(x.data(), x.at(r), weight, eps, y.data(), y.at(r));
        }
    }

    static final class Scalar {
        private Scalar() {}

        static void row(float[] x, int offset, float[] weight, float eps, float[] y, int yOffset) {
            double squares = 0;
            for (int i = 0; i < weight.length; i++) {
                squares += (double) x[offset + i] * x[offset + i];
            }
            double scale = 1 / Math.sqrt(squares / weight.length + eps);
            for (int i = 0; i < weight.length; i++) {
                y[yOffset + i] = (float) (x[offset + i] * scale * (1 + (double) weight[i]));
            }
        }
    }
}
