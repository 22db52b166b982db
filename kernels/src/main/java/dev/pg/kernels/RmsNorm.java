package dev.pg.kernels;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;

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
            if (VectorSupport.AVAILABLE) {
                Simd.row(x.data(), x.at(r), weight, eps, y.data(), y.at(r));
            } else {
                Scalar.row(x.data(), x.at(r), weight, eps, y.data(), y.at(r));
            }
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

    static final class Simd {
        private Simd() {}

        static void row(float[] x, int offset, float[] weight, float eps, float[] y, int yOffset) {
            double mean = (double) RowSums.squares(x, offset, weight.length, 0) / weight.length;
            normalize(x, offset, (float) (1 / Math.sqrt(mean + eps)), weight, y, yOffset);
        }

        private static void normalize(float[] x, int offset, float scale, float[] weight, float[] y, int yOffset) {
            int bound = WarmUp.vectors() ? Species.FLOAT.loopBound(weight.length) : 0;
            for (int i = 0; i < bound; i += VectorSupport.LANES) {
                FloatVector.fromArray(Species.FLOAT, x, offset + i)
                        .mul(scale)
                        .mul(FloatVector.fromArray(Species.FLOAT, weight, i).add(1f))
                        .intoArray(y, yOffset + i);
            }
            for (int i = bound; i < weight.length; i++) {
                y[yOffset + i] = x[offset + i] * scale * (1 + weight[i]);
            }
        }
    }
}
