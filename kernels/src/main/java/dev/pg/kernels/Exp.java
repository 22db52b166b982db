package dev.pg.kernels;

/**
 * The exponential function in float, to about one unit in the last place over the whole range: gradual underflow below
 * e^-87.3, 0 below e^-104, infinity above e^88.7, NaN for NaN.
 *
 * <p>Our own, because {@code Math.exp} has no vector form and {@code VectorOperators.EXP} gives other bits when interpreted than
 * when compiled. Here every step is an IEEE operation, so scalar, vector, interpreted and compiled code agree to the bit.
 *
 * <p>Method (Cody and Waite, Software Manual for the Elementary Functions, 1980, chapter 6): x = n ln2 + r with |r| ≤ ln2/2,
 * e^x = 2^n (1 + r + r² q(r)), q the minimax polynomial of degree 4 (error 3e-9 of e^r).
 *
 * <p>Vector kernels write these steps out instead of calling a method. C2 stops inlining our methods, though never the Vector
 * API's own, when a compilation has grown to some 8000 bytecodes; a helper that happens to be called beyond that point gets its
 * vectors as heap objects, and the kernel becomes twenty times slower, depending on what else its caller inlines.
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

    /** ln 2 in one part, for arguments that are differences: their own rounding error is 20 times that of n · LN2. */
    static final float LN2 = 0x1.62e43p-1f;

    /**
     * For kernels whose arguments never exceed 88 and which may take results below 2^-126 as 0: arguments below this give 2^-127, of which
     * the exponent bits alone are 0.
     */
    static final float FLUSH = -88f;

    /** {@link #ROUND} for such kernels: adds the bias of float exponents as well. */
    static final float BIASED_ROUND = ROUND + 127;

    /** e^x for such kernels. */
    static float flushed(float x) {
        float clamped = x < FLUSH ? FLUSH : x;
        float shifted = Math.fma(clamped, LOG2_E, BIASED_ROUND);
        float n = shifted - BIASED_ROUND;
        float r = Math.fma(n, -LN2, clamped);
        float q = Math.fma(r, Math.fma(r, Math.fma(r, Math.fma(r, C6, C5), C4), C3), C2);
        float e = Math.fma(r * r, q, r) + 1;
        return e * Float.intBitsToFloat(Float.floatToRawIntBits(shifted) << MANTISSA_BITS);
    }

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
}
