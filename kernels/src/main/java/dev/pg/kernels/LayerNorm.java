package dev.pg.kernels;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;

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
            if (VectorSupport.AVAILABLE) {
                Simd.row(x.data(), x.at(r), weight, bias, eps, y.data(), y.at(r));
            } else {
                Scalar.row(x.data(), x.at(r), weight, bias, eps, y.data(), y.at(r));
            }
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

    /**
     * Two passes in float lanes, then a correction (Chan, Golub, LeVeque, "Algorithms for computing the sample variance", 1983,
     * equation 1.7): the mean d of the deviations from the rounded mean is what that rounding lost.
     */
    static final class Simd {
        private Simd() {}

        static void row(float[] x, int offset, float[] weight, float[] bias, float eps, float[] y, int yOffset) {
            int width = weight.length;
            float center = RowSums.sum(x, offset, width, 0) / width;
            float d = RowSums.sum(x, offset, width, center) / width;
            float squares = RowSums.squares(x, offset, width, center);
            double variance = Math.max(0, (double) squares / width - (double) d * d);
            float scale = (float) (1 / Math.sqrt(variance + eps));
            normalize(x, offset, center, d, scale, weight, bias, y, yOffset);
        }

        private static void normalize(
                float[] x,
                int offset,
                float center,
                float d,
                float scale,
                float[] weight,
                float[] bias,
                float[] y,
                int yOffset) {
            int bound = WarmUp.vectors() ? Species.FLOAT.loopBound(weight.length) : 0;
            for (int i = 0; i < bound; i += VectorSupport.LANES) {
                FloatVector.fromArray(Species.FLOAT, x, offset + i)
                        .sub(center)
                        .sub(d)
                        .mul(scale)
                        .fma(
                                FloatVector.fromArray(Species.FLOAT, weight, i),
                                FloatVector.fromArray(Species.FLOAT, bias, i))
                        .intoArray(y, yOffset + i);
            }
            for (int i = bound; i < weight.length; i++) {
                y[yOffset + i] = Math.fma((x[offset + i] - center - d) * scale, weight[i], bias[i]);
            }
        }
    }
}
