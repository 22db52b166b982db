package dev.pg.kernels;

/**
 * Softmax and its logarithm, in place, with the maximum subtracted first. Elements of -∞ get probability 0 as long as one
 * element is finite; NaN anywhere, +∞, or nothing but -∞ makes every result NaN, as in the reference.
 */
public final class Softmax {
    private Softmax() {}

    /** x[i] = e^x[i] / Σ e^x[j] over [offset, offset + count). */
    public static void apply(float[] x, int offset, int count) {
        Scalar.apply(x, offset, count);
    }

    /** x[i] = x[i] - log Σ e^x[j] over [offset, offset + count). */
    public static void log(float[] x, int offset, int count) {
        Scalar.log(x, offset, count);
    }

    static final class Scalar {
        private Scalar() {}

        static void apply(float[] x, int offset, int count) {
            float max = max(x, offset, count);
            double sum = 0;
            for (int i = offset; i < offset + count; i++) {
                x[i] = Exp.exp(x[i] - max);
                sum += x[i];
            }
            float factor = (float) (1 / sum);
            for (int i = offset; i < offset + count; i++) {
                x[i] *= factor;
            }
        }

        static void log(float[] x, int offset, int count) {
            float max = max(x, offset, count);
            double sum = 0;
            for (int i = offset; i < offset + count; i++) {
                sum += Exp.exp(x[i] - max);
            }
            float log = (float) StrictMath.log(sum);
            for (int i = offset; i < offset + count; i++) {
                x[i] = x[i] - max - log;
            }
        }

        /** The largest element; a NaN is never larger, but makes the sum NaN later. */
        static float max(float[] x, int offset, int count) {
            float max = Float.NEGATIVE_INFINITY;
            for (int i = offset; i < offset + count; i++) {
                max = x[i] > max ? x[i] : max;
            }
            return max;
        }
    }
}
