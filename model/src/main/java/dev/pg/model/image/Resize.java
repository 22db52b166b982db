package dev.pg.model.image;

import java.util.Arrays;

/**
 * Resizing bit for bit as Pillow does it ({@code src/libImaging/Resample.c}): separable, antialiased when it shrinks, first along
 * the rows and then along the columns (the other way round for a picture a hundred times higher than wide), and a pass whose size does not change is left out. Thread-safe.
 */
public final class Resize {
    /** Fraction bits of the weights: 32 less 8 of a sample less 2 for sums of overshooting weights. */
    private static final int PRECISION = 22;

    private Resize() {}

    /**
     * {@code image} stretched to {@code width × height}, whatever its aspect ratio.
     *
     * @throws IllegalArgumentException if a size is below 1
     */
    public static Image apply(Image image, int width, int height, Filter filter) {
        if (width == image.width() && height == image.height()) {
            return image;
        }
        return new Image(width, height, bytes(image.bytes(), 3, image.width(), image.height(), width, height, filter));
    }

    /**
     * 8-bit samples. Weights have 22 fraction bits, and the result of each pass is rounded and clipped to 0..255.
     *
     * @param samples {@code [height × width × bands]}
     * @return {@code [newHeight × newWidth × bands]}; {@code samples} itself if nothing changes
     */
    public static byte[] bytes(
            byte[] samples, int bands, int width, int height, int newWidth, int newHeight, Filter filter) {
        check(samples.length, bands, width, height, newWidth, newHeight);
        if (columnsFirst(width, height, newHeight)) {
            byte[] low = alongColumns(samples, bands * width, new Taps(height, newHeight, filter));
            return newWidth == width ? low : alongRows(low, bands, width, newHeight, new Taps(width, newWidth, filter));
        }
        byte[] wide = newWidth == width
                ? samples
                : alongRows(samples, bands, width, height, new Taps(width, newWidth, filter));
        return newHeight == height ? wide : alongColumns(wide, bands * newWidth, new Taps(height, newHeight, filter));
    }

    /** What Pillow's {@code Image.resize} does with very tall pictures that become lower, to save the tall intermediate. */
    private static boolean columnsFirst(int width, int height, int newHeight) {
        return height > 100L * width && newHeight < height;
    }

    /**
     * Float samples of one band, bilinear (Pillow's mode F): double weights and sums, rounded to float after each pass.
     *
     * @param samples {@code [height × width]}
     * @return {@code [newHeight × newWidth]}; {@code samples} itself if nothing changes
     */
    public static float[] bilinear(float[] samples, int width, int height, int newWidth, int newHeight) {
        check(samples.length, 1, width, height, newWidth, newHeight);
        if (columnsFirst(width, height, newHeight)) {
            return alongRows(alongColumns(samples, width, height, newHeight), width, newHeight, newWidth);
        }
        return alongColumns(alongRows(samples, width, height, newWidth), newWidth, height, newHeight);
    }

    private static float[] alongRows(float[] in, int width, int height, int newWidth) {
        if (newWidth == width) {
            return in;
        }
        Taps w = new Taps(width, newWidth, Filter.BILINEAR);
        float[] out = new float[Math.multiplyExact(height, newWidth)];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < newWidth; x++) {
                out[y * newWidth + x] = sum(w, x, in, y * width, 1);
            }
        }
        return out;
    }

    private static float[] alongColumns(float[] in, int width, int height, int newHeight) {
        if (newHeight == height) {
            return in;
        }
        Taps w = new Taps(height, newHeight, Filter.BILINEAR);
        float[] out = new float[Math.multiplyExact(newHeight, width)];
        for (int y = 0; y < newHeight; y++) {
            for (int x = 0; x < width; x++) {
                out[y * width + x] = sum(w, y, in, x, width);
            }
        }
        return out;
    }

    private static void check(int length, int bands, int width, int height, int newWidth, int newHeight) {
        if (width < 1 || height < 1 || newWidth < 1 || newHeight < 1 || bands < 1) {
            throw new IllegalArgumentException("sizes must be positive: " + width + "x" + height + "x" + bands + " to "
                    + newWidth + "x" + newHeight);
        }
        if (length != (long) width * height * bands) {
            throw new IllegalArgumentException(width + "x" + height + "x" + bands + " samples expected, not " + length);
        }
    }

    private static byte[] alongRows(byte[] in, int bands, int width, int height, Taps w) {
        int newWidth = w.size();
        byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(height, newWidth), bands)];
        int[] fixed = w.fixed(PRECISION);
        for (int y = 0; y < height; y++) {
            if (bands == 3) {
                rgbRow(in, y * width * 3, w, fixed, out, y * newWidth * 3);
            } else {
                row(in, y * width * bands, bands, w, fixed, out, y * newWidth * bands);
            }
        }
        return out;
    }

    /** Three sums in three locals: the one loop that a large photo keeps busy. */
    private static void rgbRow(byte[] in, int from, Taps w, int[] fixed, byte[] out, int to) {
        int half = 1 << (PRECISION - 1);
        for (int x = 0; x < w.size(); x++) {
            int r = half;
            int g = half;
            int b = half;
            int p = from + 3 * w.first(x);
            int start = w.start(x);
            int end = start + w.count(x);
            for (int k = start; k < end; k++) {
                int weight = fixed[k];
                r += (in[p] & 0xff) * weight;
                g += (in[p + 1] & 0xff) * weight;
                b += (in[p + 2] & 0xff) * weight;
                p += 3;
            }
            out[to + 3 * x] = clip(r);
            out[to + 3 * x + 1] = clip(g);
            out[to + 3 * x + 2] = clip(b);
        }
    }

    private static void row(byte[] in, int from, int bands, Taps w, int[] fixed, byte[] out, int to) {
        for (int x = 0; x < w.size(); x++) {
            for (int band = 0; band < bands; band++) {
                int sum = 1 << (PRECISION - 1);
                int p = from + bands * w.first(x) + band;
                int start = w.start(x);
                for (int k = 0; k < w.count(x); k++) {
                    sum += (in[p + bands * k] & 0xff) * fixed[start + k];
                }
                out[to + bands * x + band] = clip(sum);
            }
        }
    }

    private static byte[] alongColumns(byte[] in, int stride, Taps w) {
        byte[] out = new byte[Math.multiplyExact(w.size(), stride)];
        int[] fixed = w.fixed(PRECISION);
        int[] sums = new int[stride];
        for (int y = 0; y < w.size(); y++) {
            Arrays.fill(sums, 1 << (PRECISION - 1));
            for (int k = 0; k < w.count(y); k++) {
                addRow(in, (w.first(y) + k) * stride, fixed[w.start(y) + k], sums);
            }
            for (int x = 0; x < stride; x++) {
                out[y * stride + x] = clip(sums[x]);
            }
        }
        return out;
    }

    private static void addRow(byte[] in, int from, int weight, int[] sums) {
        for (int x = 0; x < sums.length; x++) {
            sums[x] += (in[from + x] & 0xff) * weight;
        }
    }

    private static byte clip(int sum) {
        return (byte) Math.clamp(sum >> PRECISION, 0, 255);
    }

    private static float sum(Taps taps, int i, float[] in, int from, int stride) {
        double sum = 0;
        for (int k = 0; k < taps.count(i); k++) {
            sum += in[from + (taps.first(i) + k) * stride] * taps.weight(i, k);
        }
        return (float) sum;
    }
}
