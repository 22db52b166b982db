package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Tokens as {@link Q8Dots} and {@link Q4Dots} read them: rounded, x ≈ scale · a with whole numbers a and a scale for each group of
 * inputs. A tie goes to the even number. A group with NaN or infinity gives NaN or infinity.
 *
 * <p>The scale is the finest with which no sum of a short lane can overflow. With eight bits that is a sum of two products with
 * −128 ≤ q − 128 < 128, so |a| + |a'| ≤ 255 for the two inputs of each lane: some 8.5 bits. With four bits it is the whole sum of a group, of
 * factors |3 · q − 2 · zero − 23| ≤ 38, so Σ|a| ≤ 862: some nine bits.
 *
 * <p>{@link #factors} of a group are two ints for its zero point and middle, and then those of its words: three or four for each, two inputs
 * or four. {@link Q8Dots} and {@link Q4Dots} say what for. All are [fours of tokens × groups × numbers of a group × 4], or without the
 * fours for a single token, and so are {@link #scales}, one for a group.
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

    private final float[] group = new float[GROUP];
    private final int[] a = new int[GROUP];

    private int[] factors = new int[0];
    private float[] scales = new float[0];
    private Quantization format;
    private int groups;
    private int fours;
    private int step; // tokens side by side: 1 or 4

    /** Rounds all rows of {@code x}. */
    void pack(Matrix x, Quantization format) {
        this.format = format;
        groups = Math.ceilDiv(x.cols(), GROUP);
        fours = x.rows() == 1 ? 0 : Math.ceilDiv(x.rows(), 4);
        step = fours == 0 ? 1 : 4;
        reserve(Math.max(1, fours) * step * groups);
        for (int t = 0; t < x.rows(); t++) {
            for (int g = 0; g < groups; g++) {
                int k = g * GROUP;
                float scale;
                if (k + GROUP <= x.cols()) {
                    scale = round(x.data(), x.at(t) + k);
                } else {
                    Arrays.fill(group, 0);
                    System.arraycopy(x.data(), x.at(t) + k, group, 0, x.cols() - k);
                    scale = round(group, 0);
                }
                scales[scalesAt(t / 4, g) + t % 4] = scale;
                int factor = factorsAt(t / 4, g) + t % 4;
                if (format == Quantization.Q8) {
                    packEight(factor);
                } else {
                    packFour(factor);
                }
            }
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

    private int factorsOfGroup() {
        return 2 + (format == Quantization.Q8 ? 3 : 4) * format.words();
    }

    /** Tokens that the last four lacks keep what is there: their sums are not read. */
    private void reserve(int tokenGroups) {
        if (factors.length < tokenGroups * factorsOfGroup()) {
            factors = new int[tokenGroups * factorsOfGroup()];
        }
        if (scales.length < tokenGroups) {
            scales = new float[tokenGroups];
        }
    }

    /** Rounds a group to {@link #a} and returns its scale. */
    private float round(float[] x, int from) {
        float size = size(x, from);
        float limit = format == Quantization.Q8 ? TWO : ALL;
        boolean vanishes = size < Float.MIN_NORMAL; // its inverse could be infinite
        FloatVector inverse = FloatVector.broadcast(Species.FLOAT, vanishes ? 0 : limit / size);
        int rounder = Float.floatToRawIntBits(ROUNDER);
        for (int i = 0; i < GROUP; i += VectorSupport.LANES) {
            FloatVector rounded = FloatVector.fromArray(Species.FLOAT, x, from + i)
                    .mul(inverse)
                    .add(ROUNDER);
            rounded.reinterpretAsInts().sub(rounder).intoArray(a, i);
        }
        return vanishes ? 0 : size / limit;
    }

    /** The largest sum of absolute inputs that meet in a short lane. */
    private float size(float[] x, int from) {
        float size = 0;
        for (int i = from; i < from + GROUP; i += 2) {
            float two = Math.abs(x[i]) + Math.abs(x[i + 1]);
            size = format == Quantization.Q8 ? Math.max(size, two) : size + two;
        }
        return size;
    }

    private int sum() {
        int sum = 0;
        for (int i = 0; i < GROUP; i++) {
            sum += a[i];
        }
        return sum;
    }

    /** 128 of the middle are taken off the single products, with 32768 more than that, so that 16 bits hold these without a sign. */
    private void packEight(int factor) {
        int sum = sum();
        factors[factor] = -format.zeroSpacing() * sum;
        factors[factor + step] = (128 - format.middle()) * sum - GROUP / 2 * 32768;
        for (int i = 0; i < GROUP; i += 2) {
            factor += 3 * step;
            factors[factor - step] = both(a[i]);
            factors[factor] = both(a[i + 1] - 256 * a[i]);
            factors[factor + step] = both(32768 - 128 * (a[i] + a[i + 1]));
        }
    }

    private void packFour(int factor) {
        int sum = sum();
        int spacing = format.spacing();
        factors[factor] = both(-format.zeroSpacing() * sum);
        factors[factor + step] = both(-format.middle() * sum);
        for (int i = 0; i < GROUP / 2; i += 2) {
            factor += 4 * step;
            factors[factor - 2 * step] = both(spacing * a[i]);
            factors[factor - step] = both(spacing * (a[8 + i] - 16 * a[i]));
            factors[factor] = both(spacing * (a[i + 1] - 16 * a[8 + i]));
            factors[factor + step] = both(spacing * (a[9 + i] - 16 * a[i + 1]));
        }
    }

    /** The low half of a number in both halves of an int. */
    private static int both(int number) {
        return (number & 0xffff) | (number << 16);
    }
}
