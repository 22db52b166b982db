package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Soft cap of logits (Gemma 2, arXiv 2408.00118, section 2): cap · tanh(x / cap), in (-cap, cap).
 *
 * <p>tanh a = m / (m + 2) with m = e^2a - 1 for a ≥ 0, and odd. m is formed as 2^n p + (2^n - 1) from the parts of {@link Exp},
 * so the result is good to about two units in the last place near 0 as well. ±∞ gives ±cap, NaN gives NaN.
 */
public final class SoftCap {
    private SoftCap() {}

    /** tanh is 1 to the last bit from about 9 on; the clamp keeps 2^n finite. */
    private static final float SATURATED = 20f;

    /** Caps x[offset, offset + count) in place; {@code cap} is positive. */
    public static void apply(float[] x, int offset, int count, float cap) {
        if (VectorSupport.AVAILABLE) {
            Simd.apply(x, offset, count, cap);
        } else {
            Scalar.apply(x, offset, count, cap);
        }
    }

    static final class Scalar {
        private Scalar() {}

        static float tanh(float x) {
            float a = Math.abs(x);
            float doubled = 2 * (a > SATURATED ? SATURATED : a);
            float shifted = Math.fma(doubled, Exp.LOG2_E, Exp.ROUND);
            float n = shifted - Exp.ROUND;
            float r = Math.fma(n, -Exp.LN2_LOW, Math.fma(n, -Exp.LN2_HIGH, doubled));
            float q = Math.fma(r, Math.fma(r, Math.fma(r, Math.fma(r, Exp.C6, Exp.C5), Exp.C4), Exp.C3), Exp.C2);
            float p = Math.fma(r * r, q, r);
            float scale = Float.intBitsToFloat((Float.floatToRawIntBits(shifted) << Exp.MANTISSA_BITS) + Exp.ONE_BITS);
            float m = Math.fma(scale, p, scale - 1);
            return Math.copySign(m / (m + 2), x);
        }

        static void apply(float[] x, int offset, int count, float cap) {
            for (int i = offset; i < offset + count; i++) {
                x[i] = cap * tanh(x[i] / cap);
            }
        }
    }

    static final class Simd {
        private Simd() {}

        static FloatVector tanh(FloatVector x) {
            FloatVector a = x.abs();
            FloatVector doubled =
                    a.blend(SATURATED, a.compare(VectorOperators.GT, SATURATED)).mul(2f);
            FloatVector shifted = doubled.fma(all(Exp.LOG2_E), all(Exp.ROUND));
            FloatVector n = shifted.sub(Exp.ROUND);
            FloatVector r = n.fma(all(-Exp.LN2_LOW), n.fma(all(-Exp.LN2_HIGH), doubled));
            FloatVector q = r.fma(all(Exp.C6), all(Exp.C5))
                    .fma(r, all(Exp.C4))
                    .fma(r, all(Exp.C3))
                    .fma(r, all(Exp.C2));
            FloatVector p = r.mul(r).fma(q, r);
            FloatVector scale = shifted.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, Exp.MANTISSA_BITS)
                    .add(Exp.ONE_BITS)
                    .reinterpretAsFloats();
            FloatVector m = scale.fma(p, scale.sub(1f));
            FloatVector magnitude = m.div(m.add(2f));
            // x = -0 or x < 0: the sign bit of x, set into the (positive) magnitude.
            return magnitude
                    .reinterpretAsInts()
                    .or(x.reinterpretAsInts().and(Integer.MIN_VALUE))
                    .reinterpretAsFloats();
        }

        static void apply(float[] x, int offset, int count, float cap) {
            int bound = Species.FLOAT.loopBound(count);
            for (int i = offset; i < offset + bound; i += Species.LANES) {
                FloatVector v = FloatVector.fromArray(Species.FLOAT, x, i);
                tanh(v.div(cap)).mul(cap).intoArray(x, i);
            }
            Scalar.apply(x, offset + bound, count - bound, cap);
        }

        private static FloatVector all(float value) {
            return Exp.Simd.all(value);
        }
    }
}
