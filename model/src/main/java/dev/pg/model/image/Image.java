package dev.pg.model.image;

import java.awt.image.BufferedImage;
import java.util.Arrays;

/**
 * An 8-bit RGB picture in row-major order, red first, without padding. Immutable, hence thread-safe.
 */
public final class Image {
    private final int width;
    private final int height;
    private final byte[] rgb; // [height × width × 3]

    /** Adopts {@code rgb}: the caller gives it away. */
    Image(int width, int height, byte[] rgb) {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("a picture needs at least one pixel, not " + width + "x" + height);
        }
        if (rgb.length != 3L * width * height) {
            throw new IllegalArgumentException(
                    width + "x" + height + " pixels need " + 3L * width * height + " bytes, not " + rgb.length);
        }
        this.width = width;
        this.height = height;
        this.rgb = rgb;
    }

    /**
     * A picture over a copy of {@code rgb}.
     *
     * @param rgb {@code [height × width × 3]} bytes
     * @throws IllegalArgumentException if the sizes do not fit together
     */
    public static Image of(int width, int height, byte[] rgb) {
        return new Image(width, height, rgb.clone());
    }

    /**
     * The pixels of a Java picture. Alpha is dropped without blending, as {@link ImageReader} does it.
     *
     * @throws IllegalArgumentException if it has more than 2³¹ / 3 pixels
     */
    public static Image of(BufferedImage picture) {
        return Samples.rgb(picture, Gray16.SCALE);
    }

    /** Pixels from left to right. */
    public int width() {
        return width;
    }

    /** Pixels from top to bottom. */
    public int height() {
        return height;
    }

    /** A copy of the bytes, {@code [height × width × 3]}. */
    public byte[] rgb() {
        return rgb.clone();
    }

    /** The pixel in column {@code x} of row {@code y} as 0xRRGGBB. */
    public int pixel(int x, int y) {
        if (x < 0 || x >= width || y < 0 || y >= height) {
            throw new IndexOutOfBoundsException("(" + x + ", " + y + ") is outside " + this);
        }
        int i = 3 * (y * width + x);
        return (rgb[i] & 0xff) << 16 | (rgb[i + 1] & 0xff) << 8 | (rgb[i + 2] & 0xff);
    }

    /** A Java picture of type {@link BufferedImage#TYPE_INT_RGB} with the same pixels, to draw upon or to write. */
    public BufferedImage toBufferedImage() {
        BufferedImage out = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                row[x] = pixel(x, y);
            }
            out.getRaster().setDataElements(0, y, width, 1, row);
        }
        return out;
    }

    /** The bytes themselves, for readers in this package. */
    byte[] bytes() {
        return rgb;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Image that
                && width == that.width
                && height == that.height
                && Arrays.equals(rgb, that.rgb);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * width + height) + Arrays.hashCode(rgb);
    }

    /** The size: {@code 640x480}. */
    @Override
    public String toString() {
        return width + "x" + height;
    }
}
