package dev.pg.kernels;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;

/**
 * Gaussian error linear unit in its tanh form (Hendrycks and Gimpel, arXiv 1606.08415; {@code gelu_pytorch_tanh}):
 * 0.5 x (1 + tanh u) with u = √(2/π) (x + 0.044715 x³).
 *
 * <p>Computed as x / (1 + e^-2u), the same function without the cancellation in 1 + tanh u for negative x. +∞ gives +∞; -∞
 * and NaN give NaN, as in the reference.
 */
public final class Gelu {
    private Gelu() {}

    /** -2 √(2/π). */
    static final float LINEAR = (float) -1.5957691216057308;

    /** -2 √(2/π) · 0.044715. */
    static final float CUBIC = (float) -0.07135481627159787;

    /** Replaces every element of {@code x} [n × any] by its GELU. */
    public static void apply(Workers team, Matrix x) {
        if (RowTasks.few(x.rows(), x.cols())) {
            rows(x, 0, x.rows());
        } else {
            RowTasks.run(team, x.rows(), x.cols(), (from, to) -> rows(x, from, to));
        }
    }

    private static void rows(Matrix x, int from, int to) {
        for (int r = from; r < to; r++) {
            if (VectorSupport.AVAILABLE) {
                Simd.apply(x.data(), x.at(r), x.cols());
            } else {
                Scalar.apply(x.data(), x.at(r), x.cols());
            }
        }
    }

    static final class Scalar {
        private Scalar() {}

        static float gelu(float x) {
            float minus2u = x * Math.fma(x * x, CUBIC, LINEAR);
            return x / (1 + Exp.exp(minus2u));
        }

        static void apply(float[] x, int offset, int count) {
            for (int i = offset; i < offset + count; i++) {
                x[i] = gelu(x[i]);
            }
        }
    }

    static final class Simd {
        private Simd() {}

        static void apply(float[] x, int offset, int count) {
            int bound = Species.FLOAT.loopBound(count);
            for (int i = offset; i < offset + bound; i += Species.LANES) {
                FloatVector v = FloatVector.fromArray(Species.FLOAT, x, i);
                FloatVector minus2u =
                        v.mul(v).fma(Exp.Simd.all(CUBIC), Exp.Simd.all(LINEAR)).mul(v);
                v.div(Exp.Simd.exp(minus2u).add(1f)).intoArray(x, i);
            }
            Scalar.apply(x, offset + bound, count - bound);
        }
    }
}
