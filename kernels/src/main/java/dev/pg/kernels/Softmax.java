package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Softmax and its logarithm, in place, with the maximum subtracted first. Elements of -∞ get probability 0 as long as one
 * element is finite, and so may those 88 below the largest; NaN anywhere, +∞, or nothing but -∞ makes every result NaN, as in the
 * reference.
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

        /**
         * The largest element; a NaN is never larger, but makes the sum NaN later. Four chains are fast enough, and have no vectors
         * that C2 boxes for good if it inlines a short loop before its profile has ripened.
         */
        static float max(float[] x, int offset, int count) {
            float m0 = Float.NEGATIVE_INFINITY;
            float m1 = m0;
            float m2 = m0;
            float m3 = m0;
            int end = offset + count;
            int i = offset;
            for (; i <= end - 4; i += 4) {
                m0 = x[i] > m0 ? x[i] : m0;
                m1 = x[i + 1] > m1 ? x[i + 1] : m1;
                m2 = x[i + 2] > m2 ? x[i + 2] : m2;
                m3 = x[i + 3] > m3 ? x[i + 3] : m3;
            }
            for (; i < end; i++) {
                m0 = x[i] > m0 ? x[i] : m0;
            }
            return Math.max(Math.max(m0, m1), Math.max(m2, m3));
        }
    }

    static final class Simd {
        private Simd() {}

        /** Sums run in float lanes over a block, in double over the blocks: a vocabulary has 257216 entries. */
        private static final int BLOCK = 1024;

        static void apply(float[] x, int offset, int count) {
            float max = Scalar.max(x, offset, count);
            double sum = 0;
            for (int b = 0; b < count; b += BLOCK) {
                sum += exponentials(x, offset + b, Math.min(BLOCK, count - b), max, true);
            }
            scale(x, offset, count, (float) (1 / sum));
        }

        static void log(float[] x, int offset, int count) {
            float max = Scalar.max(x, offset, count);
            double sum = 0;
            for (int b = 0; b < count; b += BLOCK) {
                sum += exponentials(x, offset + b, Math.min(BLOCK, count - b), max, false);
            }
            subtract(x, offset, count, max, (float) StrictMath.log(sum));
        }

        /**
         * The sum of e^(x[i] - max), with the terms left in {@code x} if {@code store}. The steps of {@link Exp} written out, for
         * the reason given there, and shortened for arguments that are not positive: terms below 2^-126 become 0.
         */
        static float exponentials(float[] x, int offset, int count, float max, boolean store) {
            // Rotated, or C2 would load and broadcast it again in every pass.
            FloatVector largest = FloatVector.broadcast(Species.FLOAT, max).rearrange(Species.ROTATE_1);
            FloatVector min = FloatVector.broadcast(Species.FLOAT, Exp.FLUSH);
            FloatVector log2e = FloatVector.broadcast(Species.FLOAT, Exp.LOG2_E);
            FloatVector round = FloatVector.broadcast(Species.FLOAT, Exp.BIASED_ROUND);
            FloatVector ln2 = FloatVector.broadcast(Species.FLOAT, -Exp.LN2);
            FloatVector c2 = FloatVector.broadcast(Species.FLOAT, Exp.C2);
            FloatVector c3 = FloatVector.broadcast(Species.FLOAT, Exp.C3);
            FloatVector c4 = FloatVector.broadcast(Species.FLOAT, Exp.C4);
            FloatVector c5 = FloatVector.broadcast(Species.FLOAT, Exp.C5);
            FloatVector c6 = FloatVector.broadcast(Species.FLOAT, Exp.C6);
            FloatVector sums = FloatVector.zero(Species.FLOAT);
            int bound = Species.FLOAT.loopBound(count);
            for (int i = offset; i < offset + bound; i += VectorSupport.LANES) {
                FloatVector v = FloatVector.fromArray(Species.FLOAT, x, i).sub(largest);
                FloatVector clamped = v.blend(min, v.compare(VectorOperators.LT, min));
                FloatVector shifted = clamped.fma(log2e, round);
                FloatVector n = shifted.sub(round);
                FloatVector r = n.fma(ln2, clamped);
                FloatVector q = r.fma(c6, c5).fma(r, c4).fma(r, c3).fma(r, c2);
                FloatVector e = r.mul(r).fma(q, r).add(1f);
                IntVector scale = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, Exp.MANTISSA_BITS);
                FloatVector exp = e.mul(scale.reinterpretAsFloats());
                if (store) {
                    exp.intoArray(x, i);
                }
                sums = sums.add(exp);
            }
            if (VectorSupport.LANES >= 16) {
                sums = sums.add(sums.rearrange(Species.ROTATE_8));
            }
            if (VectorSupport.LANES >= 8) {
                sums = sums.add(sums.rearrange(Species.ROTATE_4));
            }
            sums = sums.add(sums.rearrange(Species.ROTATE_2));
            sums = sums.add(sums.rearrange(Species.ROTATE_1));
            float sum = sums.lane(0);
            for (int i = offset + bound; i < offset + count; i++) {
                float e = Exp.exp(x[i] - max);
                if (store) {
                    x[i] = e;
                }
                sum += e;
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
