package dev.pg.kernels;

import static jdk.incubator.vector.VectorOperators.ADD;

import dev.pg.kernels.VectorSupport.Species;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * A group of inputs of a token as products with {@link QuantizedWeights} take it, rounded: x ≈ scale · a with whole numbers a. A tie goes to the
 * even number. A group with NaN or infinity gives NaN or infinity.
 *
 * <p>The scale is the finest with which no sum of a short lane can overflow in {@link Q8Dots} and {@link Q4Dots}. With eight bits that is a sum of
 * two products with −128 ≤ q − 128 < 128, so |a| + |a'| ≤ 255 for the two inputs of each lane: some 8.5 bits. With four bits it is the whole sum
 * of a group, of factors |3 · q − 2 · zero − 23| ≤ 38, so Σ|a| ≤ 862: some nine bits.
 *
 * <p>Belongs to one thread.
 */
final class RoundedGroup {
    private static final int GROUP = Quantization.GROUP;

    /** What {@link #size} becomes, below 255 and 862 by what rounding can add: half of one for each input. */
    private static final float TWO = 254;

    private static final float ALL = 854;

    /** 1.5 · 2^23: the sum with a smaller number is rounded to a whole one, which its last bits hold. */
    private static final float ROUNDER = 0x1.8p23f;

    private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);

    private final float[] whole = new float[GROUP]; // a group that x does not fill
    // The sum stands behind them and is no field: written for every group, a field could share a cache line with
    // another thread's.
    private final int[] a = new int[GROUP + 1 + FewTiles.APART];

    /** Rounds a group of a row of {@code x}; inputs beyond the last are 0. Returns the scale. */
    float round(Matrix x, int token, int group, Quantization format) {
        int k = group * GROUP;
        if (k + GROUP <= x.cols()) {
            return round(x.data(), x.at(token) + k, format);
        }
        Arrays.fill(whole, 0);
        System.arraycopy(x.data(), x.at(token) + k, whole, 0, x.cols() - k);
        return round(whole, 0, format);
    }

    private float round(float[] x, int from, Quantization format) {
        float size = size(x, from, format);
        a[GROUP] = round(x, from, inverse(size, format), a);
        return scale(size, format);
    }

    /** The whole numbers, and room behind them for vectors that reach beyond the group. */
    int[] a() {
        return a;
    }

    /** Of the whole numbers. */
    int sum() {
        return a[GROUP];
    }

    /** The scale of a group of that {@link #size}. */
    static float scale(float size, Quantization format) {
        return size < Float.MIN_NORMAL ? 0 : size / limit(format);
    }

    /** What its inputs are multiplied by before they are rounded: 0 where the inverse of the scale could be infinite. */
    static float inverse(float size, Quantization format) {
        return size < Float.MIN_NORMAL ? 0 : limit(format) / size;
    }

    private static float limit(Quantization format) {
        return format == Quantization.Q8 ? TWO : ALL;
    }

    /** x · inverse as a whole number. */
    static int round(float x, float inverse) {
        return Float.floatToRawIntBits(x * inverse + ROUNDER) - ROUNDER_BITS;
    }

    /** The largest sum of absolute inputs that meet in a short lane. */
    static float size(float[] x, int from, Quantization format) {
        return format == Quantization.Q8 ? largestOfTwo(x, from) : sumOfAll(x, from);
    }

    /** Numbers without a sign are in the order of their bits, and NaN is above all of them. */
    private static float largestOfTwo(float[] x, int from) {
        int largest = 0;
        for (int i = from; i < from + GROUP; i += 2) {
            largest = Math.max(largest, Float.floatToRawIntBits(Math.abs(x[i]) + Math.abs(x[i + 1])));
        }
        return Float.intBitsToFloat(largest);
    }

    private static float sumOfAll(float[] x, int from) {
        float sum = 0;
        for (int i = from; i < from + GROUP; i += 2) {
            sum += Math.abs(x[i]) + Math.abs(x[i + 1]);
        }
        return sum;
    }

    /** Writes a group to {@code a}, as the other does one input, and returns its sum. */
    private static int round(float[] x, int from, float inverse, int[] a) {
        IntVector sums = IntVector.zero(Species.INT);
        for (int i = 0; i < GROUP; i += VectorSupport.LANES) {
            IntVector rounded = FloatVector.fromArray(Species.FLOAT, x, from + i)
                    .mul(inverse)
                    .add(ROUNDER)
                    .reinterpretAsInts()
                    .sub(ROUNDER_BITS);
            rounded.intoArray(a, i);
            sums = rounded.add(sums);
        }
        return sums.reduceLanes(ADD);
    }
}
