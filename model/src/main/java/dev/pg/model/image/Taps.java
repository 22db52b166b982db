package dev.pg.model.image;

/**
 * For every sample of a resized row, which samples of the original it is made of and with what weights: {@code
 * precompute_coeffs} in Pillow's {@code src/libImaging/Resample.c}, which torch's antialiased interpolation follows too. A filter
 * covers at least its support, and more when the row shrinks. Immutable and thread-safe.
 */
public final class Taps {
    private final int[] first; // [newSize]
    private final int[] count; // [newSize]
    private final int stride;
    private final double[] weight; // [newSize × stride]

    /**
     * @param size samples of the original
     * @param newSize samples of the result
     */
    public Taps(int size, int newSize, Filter filter) {
        double scale = (double) size / newSize;
        double filterScale = Math.max(scale, 1);
        double support = filter.support() * filterScale;
        double inverse = 1 / filterScale;
        stride = (int) Math.ceil(support) * 2 + 1;
        first = new int[newSize];
        count = new int[newSize];
        weight = new double[Math.multiplyExact(newSize, stride)];
        for (int i = 0; i < newSize; i++) {
            double center = (i + 0.5) * scale;
            int low = Math.max((int) (center - support + 0.5), 0);
            int n = Math.min((int) (center + support + 0.5), size) - low;
            double sum = 0;
            for (int k = 0; k < n; k++) {
                double v = filter.weight((k + low - center + 0.5) * inverse);
                weight[i * stride + k] = v;
                sum += v;
            }
            for (int k = 0; k < n && sum != 0; k++) {
                weight[i * stride + k] /= sum;
            }
            first[i] = low;
            count[i] = n;
        }
    }

    /** Samples of the result. */
    public int size() {
        return first.length;
    }

    /** The first sample that result {@code i} is made of. */
    public int first(int i) {
        return first[i];
    }

    /** How many samples, the first included, result {@code i} is made of. */
    public int count(int i) {
        return count[i];
    }

    /** The weight of sample {@code first(i) + k}; those of one result add up to 1. */
    public double weight(int i, int k) {
        return weight[start(i) + k];
    }

    /** Index of the first weight of result {@code i} in {@link #fixed}. */
    int start(int i) {
        return i * stride;
    }

    /** The weights with {@code precision} fraction bits, halves rounded away from zero ({@code normalize_coeffs_8bpc}). */
    int[] fixed(int precision) {
        int[] out = new int[weight.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (int) (Math.copySign(0.5, weight[i]) + weight[i] * (1 << precision));
        }
        return out;
    }
}
