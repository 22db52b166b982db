package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The exponential function in float, to about one unit in the last place over the whole range: gradual underflow below
 * e^-87.3, 0 below e^-104, infinity above e^88.7, NaN for NaN.
 *
 * <p>Our own, because {@code Math.exp} has no vector form and {@code VectorOperators.EXP} gives other bits when interpreted than
 * when compiled. Here every step is an IEEE operation, so scalar, vector, interpreted and compiled code agree to the bit.
 *
 * <p>Method (Cody and Waite, Software Manual for the Elementary Functions, 1980, chapter 6): x = n ln2 + r with |r| ≤ ln2/2,
 * e^x = 2^n (1 + r + r² q(r)), q the minimax polynomial of degree 4 (error 3e-9 of e^r).
 */
final class Exp {
    private Exp() {}

    /** Beyond these the result is infinity or 0; clamping keeps n in range. */
    static final float MAX = 89f;

    static final float MIN = -105f;

    static final float LOG2_E = 0x1.715476p0f;

    /** 1.5 · 2^23: adding it rounds a small float to an integer, which then stands in the low mantissa bits. */
    static final float ROUND = 0x1.8p23f;

    /** ln 2 in two parts; the first has 12 significant bits, so that n · LN2_HIGH is exact. */
    static final float LN2_HIGH = 0x1.62ep-1f;

    static final float LN2_LOW = 0x1.0bfbe8p-15f;

    static final float C2 = 0x1.fffffcp-2f;
    static final float C3 = 0x1.55549p-3f;
    static final float C4 = 0x1.5558f8p-5f;
    static final float C5 = 0x1.123b02p-7f;
    static final float C6 = 0x1.6a2256p-10f;

    /** Bits of 1.0f: the exponent's bias, in place. */
    static final int ONE_BITS = 0x3f800000;

    static final int MANTISSA_BITS = 23;

    static float exp(float x) {
        float clamped = x > MAX ? MAX : x;
        clamped = clamped < MIN ? MIN : clamped;
        float shifted = Math.fma(clamped, LOG2_E, ROUND);
        float n = shifted - ROUND;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, clamped));
        float q = Math.fma(r, Math.fma(r, Math.fma(r, Math.fma(r, C6, C5), C4), C3), C2);
        float e = Math.fma(r * r, q, r) + 1;
        // 2^n as a product of two powers: n may lie outside the exponents of normal numbers.
        int bits = Float.floatToRawIntBits(shifted);
        int half = bits >> 1;
        float scale = Float.intBitsToFloat((half << MANTISSA_BITS) + ONE_BITS);
        float rest = Float.intBitsToFloat(((bits - half) << MANTISSA_BITS) + ONE_BITS);
        return e * scale * rest;
    }

    /**
     * The vector form, for inlining into kernels. C2 keeps vectors in registers only across calls that it inlines, and stops
     * inlining in a large method: a kernel calls this once and does little else.
     */
    static final class Simd {
        private Simd() {}

        static FloatVector exp(FloatVector x) {
            FloatVector low = x.blend(MAX, x.compare(VectorOperators.GT, MAX));
            FloatVector clamped = low.blend(MIN, low.compare(VectorOperators.LT, MIN));
            FloatVector shifted = clamped.fma(all(LOG2_E), all(ROUND));
            FloatVector n = shifted.sub(ROUND);
            FloatVector r = n.fma(all(-LN2_LOW), n.fma(all(-LN2_HIGH), clamped));
            FloatVector q =
                    r.fma(all(C6), all(C5)).fma(r, all(C4)).fma(r, all(C3)).fma(r, all(C2));
            FloatVector e = r.mul(r).fma(q, r).add(1f);
            IntVector bits = shifted.reinterpretAsInts();
            IntVector half = bits.lanewise(VectorOperators.ASHR, 1);
            IntVector scale = half.lanewise(VectorOperators.LSHL, MANTISSA_BITS).add(ONE_BITS);
            IntVector rest =
                    bits.sub(half).lanewise(VectorOperators.LSHL, MANTISSA_BITS).add(ONE_BITS);
            return e.mul(scale.reinterpretAsFloats()).mul(rest.reinterpretAsFloats());
        }

        static FloatVector all(float value) {
            return FloatVector.broadcast(Species.FLOAT, value);
        }
    }
}
