package dev.pg.kernels;

import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.IntVector;

/**
 * Tokens as {@link Q8Dots} and {@link Q4Dots} read them, rounded by {@link RoundedGroup}. {@link #factors} are [fours of tokens × groups × 4 ×
 * {@link #factorsOfGroup}], or without the fours for a single token, and so are {@link #scales}, one for a group. The kernels say what factors are for
 * (several tokens of Q8 are {@link FloatTokens}):
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

    private final RoundedGroup rounded = new RoundedGroup();
    private int[] factors = new int[0];
    private float[] scales = new float[0];
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
        this.format = format;
        groups = Math.ceilDiv(x.cols(), GROUP);
        fours = x.rows() == 1 ? 0 : Math.ceilDiv(x.rows(), 4);
        step = fours == 0 ? 1 : 4;
        reserve(Math.max(1, fours) * step * groups);
        for (int first = 0; first < x.rows(); first += step) {
            for (int g = 0; g < groups; g++) {
                for (int t = first; t < Math.min(first + step, x.rows()); t++) {
                    packGroup(x, t, g);
                }
            }
        }
    }

    private void packGroup(Matrix x, int t, int g) {
        scales[scalesAt(t / 4, g) + t % 4] = rounded.round(x, t, g, format);
        int to = factorsAt(t / 4, g) + t % 4 * factorsOfGroup();
        if (format == Quantization.Q8) {
            packEight(rounded.a(), rounded.sum(), format, factors, to);
        } else {
            packFour(rounded.a(), rounded.sum(), format, factors, to);
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
