package dev.pg.kernels;

import dev.pg.core.Workers;

/**
 * Layer normalisation (Ba, Kiros, Hinton, arXiv 1607.06450): y = (x - mean) / √(variance + eps) · weight + bias, with mean and
 * (biased) variance over each row.
 */
public final class LayerNorm {
    private LayerNorm() {}

    /**
     * Normalises every row of {@code x} into {@code y}; both [n × width], and {@code y} may be {@code x}.
     *
     * @param weight [width]
     * @param bias [width]
     */
    public static void apply(Workers team, Matrix x, float[] weight, float[] bias, float eps, Matrix y) {
        if (x.rows() != y.rows() || x.cols() != y.cols() || weight.length != x.cols() || bias.length != x.cols()) {
            throw new IllegalArgumentException("layer norm of [" + x.rows() + " x " + x.cols() + "] into [" + y.rows()
                    + " x " + y.cols() + "] with " + weight.length + " weights and " + bias.length + " biases");
        }
        if (RowTasks.few(x.rows(), x.cols())) {
            rows(x, weight, bias, eps, y, 0, x.rows());
        } else {
            RowTasks.run(team, x.rows(), x.cols(), (from, to) -> rows(x, weight, bias, eps, y, from, to));
        }
    }

    private static void rows(Matrix x, float[] weight, float[] bias, float eps, Matrix y, int from, int to) {
        for (int r = from; r < to; r++) {
            Scalar.row(x.data(), x.at(r), weight, bias, eps, y.data(), y.at(r));
        }
    }

    static final class Scalar {
        private Scalar() {}

        static void row(float[] x, int offset, float[] weight, float[] bias, float eps, float[] y, int yOffset) {
            int width = weight.length;
            double sum = 0;
            for (int i = 0; i < width; i++) {
                sum += x[offset + i];
            }
            double mean = sum / width;
            double squares = 0;
            for (int i = 0; i < width; i++) {
                double d = x[offset + i] - mean;
                squares += d * d;
            }
            double scale = 1 / Math.sqrt(squares / width + eps);
            for (int i = 0; i < width; i++) {
                y[yOffset + i] = (float) ((x[offset + i] - mean) * scale * weight[i] + bias[i]);
            }
        }
    }
}
