package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
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
        if (WarmUp.vectors()) {
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

        /** The steps of {@link Exp} written out, for the reason given there. */
        static void apply(float[] x, int offset, int count, float cap) {
            FloatVector saturated = FloatVector.broadcast(Species.FLOAT, SATURATED);
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
            for (int i = offset; i < offset + bound; i += VectorSupport.LANES) {
                FloatVector v = FloatVector.fromArray(Species.FLOAT, x, i).div(cap);
                FloatVector a = v.abs();
                FloatVector doubled = a.blend(saturated, a.compare(VectorOperators.GT, saturated))
                        .mul(2f);
                FloatVector shifted = doubled.fma(log2e, round);
                FloatVector n = shifted.sub(round);
                FloatVector r = n.fma(ln2Low, n.fma(ln2High, doubled));
                FloatVector q = r.fma(c6, c5).fma(r, c4).fma(r, c3).fma(r, c2);
                FloatVector p = r.mul(r).fma(q, r);
                IntVector scaleBits = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, Exp.MANTISSA_BITS);
                FloatVector scale = scaleBits.add(Exp.ONE_BITS).reinterpretAsFloats();
                FloatVector m = scale.fma(p, scale.sub(1f));
                // The sign bit of x goes into the (positive) magnitude.
                IntVector magnitude = m.div(m.add(2f)).reinterpretAsInts();
                IntVector sign = v.reinterpretAsInts().and(Integer.MIN_VALUE);
                magnitude.or(sign).reinterpretAsFloats().mul(cap).intoArray(x, i);
            }
            Scalar.apply(x, offset + bound, count - bound, cap);
        }
    }
}
