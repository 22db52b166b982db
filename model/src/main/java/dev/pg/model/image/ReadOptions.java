package dev.pg.model.image;

/**
 * How {@link ImageReader} reads a file.
 *
 * @param upright turn the picture as its EXIF orientation asks, as transformers' {@code load_image} does and as every viewer
 *     shows it; {@code false} takes the pixels as they are stored, as Pillow's {@code Image.open} does
 * @param gray16 what becomes of 16-bit grey
 * @param maxPixels a picture of more pixels is refused before it is decoded
 */
public record ReadOptions(boolean upright, Gray16 gray16, long maxPixels) {
    /** Twice what fits into a quarter of a gigabyte at three bytes a pixel: the limit at which Pillow refuses a picture. */
    public static final long MAX_PIXELS = 178_956_970;

    /** Upright, 16-bit grey as Pillow converts it, at most {@value #MAX_PIXELS} pixels. */
    public static final ReadOptions DEFAULT = new ReadOptions(true, Gray16.CLIP, MAX_PIXELS);

    public ReadOptions {
        if (maxPixels < 1) {
            throw new IllegalArgumentException("maxPixels must be positive, not " + maxPixels);
        }
    }

    /** These options with another {@link #upright}. */
    public ReadOptions withUpright(boolean value) {
        return new ReadOptions(value, gray16, maxPixels);
    }

    /** These options with another {@link #gray16}. */
    public ReadOptions withGray16(Gray16 value) {
        return new ReadOptions(upright, value, maxPixels);
    }

    /** These options with another {@link #maxPixels}. */
    public ReadOptions withMaxPixels(long value) {
        return new ReadOptions(upright, gray16, value);
    }
}
