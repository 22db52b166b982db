package dev.pg.kernels;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.pg.kernels.VectorSupport.Species;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Tokens as {@link Q8Dots} and {@link Q4Dots} read them: rounded, x ≈ scale · a with whole numbers a and a scale for each group of
 * inputs. A tie goes to the even number. A group with NaN or infinity gives NaN or infinity.
 *
 * <p>The scale is the finest with which no sum of a short lane can overflow. With eight bits that is a sum of two products with
 * −128 ≤ q − 128 < 128, so |a| + |a'| ≤ 255 for the two inputs of each lane: some 8.5 bits. With four bits it is the whole sum of a group, of
 * factors |3 · q − 2 · zero − 23| ≤ 38, so Σ|a| ≤ 862: some nine bits.
 *
 * <p>{@link #factors} are [fours of tokens × groups × 4 × {@link #factorsOfGroup}], or without the fours for a single token, and so are {@link
 * #scales}, one for a group. {@link Q8Dots} and {@link Q4Dots} say what they are for:
 *
 * <pre>
 *   Q8: word i has [2i], [2i + 1] and, to be added, [2i + 17]; the zero point [16], the middle [18]
 *   Q4: word i has [2i], [2i + 8], [2i + 1], [2i + 9];         the zero point [16], the middle [17]
 * </pre>
 *
 * That is the order in which vectors make them. Each thread rounds all of a token for itself: that takes about 20 ns a group, and half of what
 * another thread has written would come from its cache.
 *
 * <p>Not thread-safe.
 */
final class TileTokens {
    private static final int GROUP = Quantization.GROUP;

    /** What {@link #size} becomes, below 255 and 862 by what rounding can add: half of one for each input. */
    private static final float TWO = 254;

    private static final float ALL = 854;

    /** 1.5 · 2^23: the sum with a smaller number is rounded to a whole one, which its last bits hold. */
    private static final float ROUNDER = 0x1.8p23f;

    private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);

    private final float[] whole = new float[GROUP]; // a group that x does not fill
    private final int[] a = new int[GROUP + FewTiles.APART]; // of a group; a vector may reach beyond it
    private int[] factors = new int[0];
    private float[] scales = new float[0];
    private Matrix x;
    private Quantization format;
    private int groups;
    private int fours;
    private int step; // tokens side by side: 1 or 4
    private long product;

    /**
     * Rounds all rows of {@code x}, unless that was done for this product already. The order is that of the factors, since a vector of them
     * may reach into what comes next.
     *
     * @param product number of a matrix product, not 0
     */
    void pack(long product, Matrix x, Quantization format) {
        if (this.product == product) {
            return;
        }
        this.product = product;
        this.x = x;
        this.format = format;
        groups = Math.ceilDiv(x.cols(), GROUP);
        fours = x.rows() == 1 ? 0 : Math.ceilDiv(x.rows(), 4);
        step = fours == 0 ? 1 : 4;
        reserve(Math.max(1, fours) * step * groups);
        for (int first = 0; first < x.rows(); first += step) {
            for (int g = 0; g < groups; g++) {
                for (int t = first; t < Math.min(first + step, x.rows()); t++) {
                    packGroup(t, g);
                }
            }
        }
    }

    private void packGroup(int t, int g) {
        int k = g * GROUP;
        if (k + GROUP <= x.cols()) {
            packGroup(x.data(), x.at(t) + k, t, g);
        } else {
            Arrays.fill(whole, 0);
            System.arraycopy(x.data(), x.at(t) + k, whole, 0, x.cols() - k);
            packGroup(whole, 0, t, g);
        }
    }

    private void packGroup(float[] x, int from, int t, int g) {
        float size = size(x, from, format);
        scales[scalesAt(t / 4, g) + t % 4] = scale(size, format);
        int to = factorsAt(t / 4, g) + t % 4 * factorsOfGroup();
        int sum = round(x, from, inverse(size, format), a);
        if (format == Quantization.Q8) {
            packEight(a, sum, format, factors, to);
        } else {
            packFour(a, sum, format, factors, to);
        }
    }

    /** Fours of tokens, the last of which may lack some; 0 for a single token. */
    int fours() {
        return fours;
    }

    int[] factors() {
        return factors;
    }

    /** Where the factors of a group begin. */
    int factorsAt(int four, int group) {
        return (four * groups + group) * step * factorsOfGroup();
    }

    float[] scales() {
        return scales;
    }

    /** Where the scales of a group begin. */
    int scalesAt(int four, int group) {
        return (four * groups + group) * step;
    }

    /** Ints of a group of one token. */
    int factorsOfGroup() {
        return format == Quantization.Q8 ? 32 : 18;
    }

    /** Tokens that the last four lacks keep what is there: their sums are not read. */
    private void reserve(int tokenGroups) {
        int length = tokenGroups * factorsOfGroup() + GROUP; // for the last vector
        if (factors.length < length) {
            factors = new int[length];
        }
        if (scales.length < tokenGroups) {
            scales = new float[tokenGroups];
        }
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

    /** 128 of the middle are taken off the single products, with 32768 more than that, so that 16 bits hold these without a sign. */
    private static void packEight(int[] a, int sum, Quantization format, int[] factors, int to) {
        for (int i = 0; i < GROUP; i += VectorSupport.LANES) {
            IntVector own = IntVector.fromArray(Species.INT, a, i);
            IntVector before = own.reinterpretAsLongs().lanewise(LSHL, 32).reinterpretAsInts();
            IntVector first = own.sub(before.lanewise(LSHL, 8));
            first.and(0xffff).or(first.lanewise(LSHL, 16)).intoArray(factors, to + i);
            IntVector added = own.add(before).mul(-128).add(32768);
            added.and(0xffff).or(added.lanewise(LSHL, 16)).intoArray(factors, to + GROUP + i);
        }
        factors[to + GROUP] = -format.zeroSpacing() * sum;
        factors[to + GROUP + 2] = (128 - format.middle()) * sum - GROUP / 2 * 32768;
    }

    private static void packFour(int[] a, int sum, Quantization format, int[] factors, int to) {
        for (int i = 0; i < GROUP / 2; i += VectorSupport.LANES) {
            IntVector low = IntVector.fromArray(Species.INT, a, i);
            IntVector high = IntVector.fromArray(Species.INT, a, GROUP / 2 + i);
            IntVector before = high.reinterpretAsLongs().lanewise(LSHL, 32).reinterpretAsInts();
            IntVector even = low.sub(before.lanewise(LSHL, 4)).mul(format.spacing());
            even.and(0xffff).or(even.lanewise(LSHL, 16)).intoArray(factors, to + i);
            IntVector odd = high.sub(low.lanewise(LSHL, 4)).mul(format.spacing());
            odd.and(0xffff).or(odd.lanewise(LSHL, 16)).intoArray(factors, to + GROUP / 2 + i);
        }
        factors[to + GROUP] = both(-format.zeroSpacing() * sum);
        factors[to + GROUP + 1] = both(-format.middle() * sum);
    }

    /** The low half of a number in both halves of an int. */
    private static int both(int number) {
        return (number & 0xffff) | (number << 16);
    }
}
