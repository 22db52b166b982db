package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;

/**
 * Softmax and its logarithm, in place, with the maximum subtracted first. Elements of -∞ get probability 0 as long as one
 * element is finite; NaN anywhere, +∞, or nothing but -∞ makes every result NaN, as in the reference.
 */
public final class Softmax {
    private Softmax() {}

    /** x[i] = e^x[i] / Σ e^x[j] over [offset, offset + count). */
    public static void apply(float[] x, int offset, int count) {
        if (VectorSupport.AVAILABLE) {
            Simd.apply(x, offset, count);
        } else {
            Scalar.apply(x, offset, count);
        }
    }

    /** x[i] = x[i] - log Σ e^x[j] over [offset, offset + count). */
    public static void log(float[] x, int offset, int count) {
        if (VectorSupport.AVAILABLE) {
            Simd.log(x, offset, count);
        } else {
            Scalar.log(x, offset, count);
        }
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

    static final class Simd {
        private Simd() {}

        /** Sums run in float lanes over a block, in double over the blocks: a vocabulary has 257216 entries. */
        private static final int BLOCK = 1024;

        static void apply(float[] x, int offset, int count) {
            float max = max(x, offset, count);
            double sum = 0;
            for (int b = 0; b < count; b += BLOCK) {
                sum += exponentials(x, offset + b, Math.min(BLOCK, count - b), max);
            }
            scale(x, offset, count, (float) (1 / sum));
        }

        static void log(float[] x, int offset, int count) {
            float max = max(x, offset, count);
            double sum = 0;
            for (int b = 0; b < count; b += BLOCK) {
                sum += exponentialSum(x, offset + b, Math.min(BLOCK, count - b), max);
            }
            subtract(x, offset, count, max, (float) StrictMath.log(sum));
        }

        static float max(float[] x, int offset, int count) {
            int bound = Species.FLOAT.loopBound(count);
            FloatVector largest = Exp.Simd.all(Float.NEGATIVE_INFINITY);
            for (int i = offset; i < offset + bound; i += Species.LANES) {
                largest = Lanes.larger(largest, FloatVector.fromArray(Species.FLOAT, x, i));
            }
            float tail = Scalar.max(x, offset + bound, count - bound);
            return Math.max(Lanes.max(largest), tail);
        }

        /** x[i] = e^(x[i] - max); returns their sum. */
        static float exponentials(float[] x, int offset, int count, float max) {
            int bound = Species.FLOAT.loopBound(count);
            FloatVector sums = Exp.Simd.all(0);
            for (int i = offset; i < offset + bound; i += Species.LANES) {
                FloatVector e =
                        Exp.Simd.exp(FloatVector.fromArray(Species.FLOAT, x, i).sub(max));
                e.intoArray(x, i);
                sums = sums.add(e);
            }
            float sum = Lanes.sum(sums);
            for (int i = offset + bound; i < offset + count; i++) {
                x[i] = Exp.exp(x[i] - max);
                sum += x[i];
            }
            return sum;
        }

        private static float exponentialSum(float[] x, int offset, int count, float max) {
            int bound = Species.FLOAT.loopBound(count);
            FloatVector sums = Exp.Simd.all(0);
            for (int i = offset; i < offset + bound; i += Species.LANES) {
                sums = sums.add(
                        Exp.Simd.exp(FloatVector.fromArray(Species.FLOAT, x, i).sub(max)));
            }
            float sum = Lanes.sum(sums);
            for (int i = offset + bound; i < offset + count; i++) {
                sum += Exp.exp(x[i] - max);
            }
            return sum;
        }

        private static void scale(float[] x, int offset, int count, float factor) {
            for (int i = offset; i < offset + count; i++) {
                x[i] *= factor;
            }
        }

        private static void subtract(float[] x, int offset, int count, float max, float log) {
            for (int i = offset; i < offset + count; i++) {
                x[i] = x[i] - max - log;
            }
        }
    }
}
