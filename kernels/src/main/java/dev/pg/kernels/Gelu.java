package dev.pg.kernels;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

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
            if (WarmUp.vectors()) {
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
            apply(x, offset, x, offset, count);
        }

        /** y = gelu(x); the steps of {@link Exp} written out, for the reason given there. */
        static void apply(float[] x, int offset, float[] y, int yOffset, int count) {
            FloatVector linear = FloatVector.broadcast(Species.FLOAT, LINEAR);
            FloatVector cubic = FloatVector.broadcast(Species.FLOAT, CUBIC);
            FloatVector log2e = FloatVector.broadcast(Species.FLOAT, Exp.LOG2_E);
            FloatVector round = FloatVector.broadcast(Species.FLOAT, Exp.ROUND);
            FloatVector ln2High = FloatVector.broadcast(Species.FLOAT, -Exp.LN2_HIGH);
            FloatVector ln2Low = FloatVector.broadcast(Species.FLOAT, -Exp.LN2_LOW);
            FloatVector c2 = FloatVector.broadcast(Species.FLOAT, Exp.C2);
            FloatVector c3 = FloatVector.broadcast(Species.FLOAT, Exp.C3);
            FloatVector c4 = FloatVector.broadcast(Species.FLOAT, Exp.C4);
            FloatVector c5 = FloatVector.broadcast(Species.FLOAT, Exp.C5);
            FloatVector c6 = FloatVector.broadcast(Species.FLOAT, Exp.C6);
            int bound = Species.FLOAT.loopBound(count);
            for (int i = 0; i < bound; i += VectorSupport.LANES) {
                FloatVector v = FloatVector.fromArray(Species.FLOAT, x, offset + i);
                FloatVector minus2u = v.mul(v).fma(cubic, linear).mul(v);
                FloatVector low = minus2u.blend(Exp.MAX, minus2u.compare(VectorOperators.GT, Exp.MAX));
                FloatVector clamped = low.blend(Exp.MIN, low.compare(VectorOperators.LT, Exp.MIN));
                FloatVector shifted = clamped.fma(log2e, round);
                FloatVector n = shifted.sub(round);
                FloatVector r = n.fma(ln2Low, n.fma(ln2High, clamped));
                FloatVector q = r.fma(c6, c5).fma(r, c4).fma(r, c3).fma(r, c2);
                FloatVector e = r.mul(r).fma(q, r).add(1f);
                IntVector bits = shifted.reinterpretAsInts();
                IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
                IntVector scale =
                        half.lanewise(VectorOperators.LSHL, Exp.MANTISSA_BITS).add(Exp.ONE_BITS);
                IntVector rest = bits.sub(half)
                        .lanewise(VectorOperators.LSHL, Exp.MANTISSA_BITS)
                        .add(Exp.ONE_BITS);
                FloatVector exp = e.mul(scale.reinterpretAsFloats()).mul(rest.reinterpretAsFloats());
                v.div(exp.add(1f)).intoArray(y, yOffset + i);
            }
            for (int i = bound; i < count; i++) {
                y[yOffset + i] = Scalar.gelu(x[offset + i]);
            }
        }
    }
}
