package dev.pg.kernels;

import dev.pg.core.Workers;
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

    /** Groups that a thread packs at once: some microseconds of work. */
    private static final int TOGETHER = 48;

    private final Workers workers;
    private final Scratch[] scratch; // per worker
    private final Workers.Task packTask = this::packGroups;

    private int[] factors = new int[0];
    private float[] scales = new float[0];
    private Matrix x;
    private Quantization format;
    private int groups;
    private int fours;
    private int step; // tokens side by side: 1 or 4

    /** What a thread writes while it packs. */
    private static final class Scratch {
        private final float[] group = new float[GROUP + FewTiles.APART];
        private final int[] a = new int[GROUP + FewTiles.APART];
    }

    TileTokens(Workers workers) {
        this.workers = workers;
        scratch = new Scratch[workers.threads()];
        Arrays.setAll(scratch, i -> new Scratch());
    }

    /** Rounds all rows of {@code x}. */
    void pack(Matrix x, Quantization format) {
        this.x = x;
        this.format = format;
        groups = Math.ceilDiv(x.cols(), GROUP);
        fours = x.rows() == 1 ? 0 : Math.ceilDiv(x.rows(), 4);
        step = fours == 0 ? 1 : 4;
        reserve(Math.max(1, fours) * step * groups);
        workers.run(x.rows() * Math.ceilDiv(groups, TOGETHER), packTask);
    }

    private void packGroups(int index, int worker) {
        int tasksOfToken = Math.ceilDiv(groups, TOGETHER);
        int t = index / tasksOfToken;
        int first = index % tasksOfToken * TOGETHER;
        for (int g = first; g < Math.min(first + TOGETHER, groups); g++) {
            packGroup(t, g, scratch[worker]);
        }
    }

    private void packGroup(int t, int g, Scratch own) {
        int k = g * GROUP;
        float scale;
        if (k + GROUP <= x.cols()) {
            scale = round(x.data(), x.at(t) + k, own.a);
        } else {
            Arrays.fill(own.group, 0);
            System.arraycopy(x.data(), x.at(t) + k, own.group, 0, x.cols() - k);
            scale = round(own.group, 0, own.a);
        }
        scales[scalesAt(t / 4, g) + t % 4] = scale;
        int factor = factorsAt(t / 4, g) + t % 4;
        if (format == Quantization.Q8) {
            packEight(own.a, factor);
        } else {
            packFour(own.a, factor);
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

    /** Rounds a group to {@code a} and returns its scale. */
    private float round(float[] x, int from, int[] a) {
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

    private static int sum(int[] a) {
        int sum = 0;
        for (int i = 0; i < GROUP; i++) {
            sum += a[i];
        }
        return sum;
    }

    /** 128 of the middle are taken off the single products, with 32768 more than that, so that 16 bits hold these without a sign. */
    private void packEight(int[] a, int factor) {
        int sum = sum(a);
        factors[factor] = -format.zeroSpacing() * sum;
        factors[factor + step] = (128 - format.middle()) * sum - GROUP / 2 * 32768;
        for (int i = 0; i < GROUP; i += 2) {
            factor += 3 * step;
            factors[factor - step] = both(a[i]);
            factors[factor] = both(a[i + 1] - 256 * a[i]);
            factors[factor + step] = both(32768 - 128 * (a[i] + a[i + 1]));
        }
    }

    private void packFour(int[] a, int factor) {
        int sum = sum(a);
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
