package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Tokens as {@link Q8Dots} and {@link Q4Dots} read them: rounded, x ≈ scale · a with whole numbers a and a scale for each group of
 * inputs. A tie goes to the even number. A group with NaN or infinity gives NaN or infinity.
 *
 * <p>The scale is the finest with which no sum of a short lane can overflow. With eight bits that is a sum of two products with
 * −128 ≤ q − 128 < 128, so |a| + |a'| ≤ 255 for the two inputs of each lane: some 8.5 bits. With four bits it is a sum of
 * eight products with 0 ≤ q < 16, so Σ|a| ≤ 2184 over the eight inputs of each lane: some eleven bits.
 *
 * <p>An int of {@link #factors} belongs to four weights of eight bits or eight of four, its halves to the short lanes; {@link Q8Dots} and
 * {@link Q4Dots} say what for. Both are [fours of tokens × groups × numbers of a group × 4], or without the fours for a single token.
 *
 * <p>Not thread-safe.
 */
final class TileTokens {
    private static final int GROUP = Quantization.GROUP;

    /**
     * Floats of a group: the scale of its products, minus the sum of its rounded inputs for the lower bounds, and, with eight bits, what
     * takes the surplus of the products off again.
     */
    static final int SCALES = 3;

    /** What {@link #size} becomes, below 255 and 2184 by what rounding can add: half of one for each input. */
    private static final float TWO = 254;

    private static final float EIGHT = 2180;

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
                int factor = factorsAt(t / 4, g) + t % 4;
                int at = scalesAt(t / 4, g) + t % 4;
                if (format == Quantization.Q8) {
                    packEight(scale, factor, at);
                } else {
                    packFour(scale, factor, at);
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
        return (four * groups + group) * step * SCALES;
    }

    private int factorsOfGroup() {
        return (format == Quantization.Q8 ? 3 : 4) * format.words();
    }

    /** Tokens that the last four lacks keep what is there: their sums are not read. */
    private void reserve(int tokenGroups) {
        if (factors.length < tokenGroups * factorsOfGroup()) {
            factors = new int[tokenGroups * factorsOfGroup()];
        }
        if (scales.length < tokenGroups * SCALES) {
            scales = new float[tokenGroups * SCALES];
        }
    }

    /** Rounds a group to {@link #a} and returns its scale. */
    private float round(float[] x, int from) {
        float size = size(x, from);
        float limit = format == Quantization.Q8 ? TWO : EIGHT;
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
        float low = 0; // lanes of inputs 4i and 4i+1
        float high = 0;
        for (int i = from; i < from + GROUP; i += 4) {
            float two = Math.abs(x[i]) + Math.abs(x[i + 1]);
            float others = Math.abs(x[i + 2]) + Math.abs(x[i + 3]);
            if (format == Quantization.Q8) {
                low = Math.max(low, two);
                high = Math.max(high, others);
            } else {
                low += two;
                high += others;
            }
        }
        return Math.max(low, high);
    }

    private void packEight(float scale, int factor, int at) {
        int sum = 0;
        for (int i = 0; i < GROUP; i += 4) {
            sum += a[i] + a[i + 1] + a[i + 2] + a[i + 3];
            factors[factor] = lanes(a[i], a[i + 2]);
            factors[factor + step] = lanes(a[i + 1] - 256 * a[i], a[i + 3] - 256 * a[i + 2]);
            factors[factor + 2 * step] = lanes(32768 - 128 * (a[i] + a[i + 1]), 32768 - 128 * (a[i + 2] + a[i + 3]));
            factor += 3 * step;
        }
        float product = scale / format.steps();
        scales[at] = product;
        scales[at + step] = -scale * sum;
        scales[at + 2 * step] = product * (128 * sum - GROUP / 2 * 32768);
    }

    private void packFour(float scale, int factor, int at) {
        int sum = 0;
        for (int i = 0; i < GROUP; i += 8) {
            for (int b = 0; b < 8; b++) {
                sum += a[i + b];
            }
            factors[factor] = lanes(a[i], a[i + 2]);
            factors[factor + step] = lanes(a[i + 4] - 16 * a[i], a[i + 6] - 16 * a[i + 2]);
            factors[factor + 2 * step] = lanes(a[i + 1] - 16 * a[i + 4], a[i + 3] - 16 * a[i + 6]);
            factors[factor + 3 * step] = lanes(a[i + 5] - 16 * a[i + 1], a[i + 7] - 16 * a[i + 3]);
            factor += 4 * step;
        }
        scales[at] = scale / format.steps();
        scales[at + step] = -scale * sum;
    }

    private static int lanes(int low, int high) {
        return (low & 0xffff) | (high << 16);
    }
}
