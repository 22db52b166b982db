package dev.pg.kernels;

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
        Scalar.apply(x, offset, count, cap);
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
}
