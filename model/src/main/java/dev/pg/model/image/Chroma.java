package dev.pg.model.image;

/**
 * Makes up for a decoder that repeats each chroma sample of a 4:2:0 picture over its 2 × 2 pixels, where libwebp interpolates: luma and
 * chroma are taken back out of the RGB values, and chroma is interpolated. That wants no knowledge of the decoder, and its rounding is all
 * that is lost: on average a third of a unit instead of one and a half to four.
 */
final class Chroma {
    private final byte[] rgb; // [height × width × 3]
    private final int width;
    private final int height;
    private final int columns;
    private final int rows;
    private final byte[] blue; // U, [rows × columns]
    private final byte[] red; // V, [rows × columns]

    private Chroma(Image image) {
        rgb = image.bytes();
        width = image.width();
        height = image.height();
        columns = (width + 1) / 2;
        rows = (height + 1) / 2;
        blue = new byte[columns * rows];
        red = new byte[columns * rows];
    }

    /** Replaces the pixels of {@code image}, which nobody else may hold yet. */
    static Image interpolate(Image image) {
        Chroma chroma = new Chroma(image);
        for (int row = 0; row < chroma.rows; row++) {
            for (int column = 0; column < chroma.columns; column++) {
                chroma.extract(row, column);
            }
        }
        for (int y = 0; y < chroma.height; y++) {
            for (int x = 0; x < chroma.width; x++) {
                chroma.replace(y, x);
            }
        }
        return image;
    }

    /** The chroma of a block: the mean over its pixels, those that were clipped left out if there are others (ITU-R BT.601). */
    private void extract(int row, int column) {
        float u = 0;
        float v = 0;
        int count = 0;
        for (int pass = 0; pass < 2 && count == 0; pass++) {
            for (int y = 2 * row; y < Math.min(2 * row + 2, height); y++) {
                for (int x = 2 * column; x < Math.min(2 * column + 2, width); x++) {
                    int i = 3 * (y * width + x);
                    int r = rgb[i] & 0xff;
                    int g = rgb[i + 1] & 0xff;
                    int b = rgb[i + 2] & 0xff;
                    if (pass == 1 || (isExact(r) && isExact(g) && isExact(b))) {
                        u += -0.148223f * r - 0.290993f * g + 0.439216f * b;
                        v += 0.439216f * r - 0.367788f * g - 0.071427f * b;
                        count++;
                    }
                }
            }
        }
        blue[row * columns + column] = (byte) clip(Math.round(u / count + 128));
        red[row * columns + column] = (byte) clip(Math.round(v / count + 128));
    }

    private static boolean isExact(int sample) {
        return sample > 0 && sample < 255;
    }

    private static int clip(int v) {
        return Math.clamp(v, 0, 255);
    }

    private void replace(int y, int x) {
        int i = 3 * (y * width + x);
        int block = y / 2 * columns + x / 2;
        int luma = luma(rgb[i] & 0xff, rgb[i + 1] & 0xff, rgb[i + 2] & 0xff, blue[block] & 0xff, red[block] & 0xff);
        int u = interpolated(blue, y, x);
        int v = interpolated(red, y, x);
        // libwebp, src/dsp/yuv.h
        int light = (luma * 19077) >> 8;
        rgb[i] = (byte) clip((light + ((v * 26149) >> 8) - 14234) >> 6);
        rgb[i + 1] = (byte) clip((light - ((u * 6419) >> 8) - ((v * 13320) >> 8) + 8708) >> 6);
        rgb[i + 2] = (byte) clip((light + ((u * 33050) >> 8) - 17685) >> 6);
    }

    /** The luma that gives this colour together with this chroma, from the channels that were not clipped. */
    private static int luma(int r, int g, int b, int u, int v) {
        float sum = 0;
        int count = 0;
        if (isExact(r)) {
            sum += r - 1.596027f * (v - 128);
            count++;
        }
        if (isExact(g)) {
            sum += g + 0.391762f * (u - 128) + 0.812968f * (v - 128);
            count++;
        }
        if (isExact(b)) {
            sum += b - 2.017232f * (u - 128);
            count++;
        }
        float light = count > 0 ? sum / count : 0.298999f * r + 0.587000f * g + 0.114001f * b;
        return clip(Math.round(light / 1.164383f + 16));
    }

    /** Chroma at a pixel: 9/16, 3/16, 3/16 and 1/16 of the four nearest samples, rounded as in libwebp's {@code src/dsp/upsampling.c}. */
    private int interpolated(byte[] plane, int y, int x) {
        int nearRow = y / 2 * columns;
        int farRow = Math.clamp(y / 2 + (y % 2 == 0 ? -1 : 1), 0, rows - 1) * columns;
        int nearColumn = x / 2;
        int farColumn = nearColumn + (x % 2 == 0 ? -1 : 1);
        int near = plane[nearRow + nearColumn] & 0xff;
        int vertical = plane[farRow + nearColumn] & 0xff;
        if (farColumn < 0 || farColumn == columns) {
            return (3 * near + vertical + 2) >> 2;
        }
        int horizontal = plane[nearRow + farColumn] & 0xff;
        int diagonal = plane[farRow + farColumn] & 0xff;
        return (near + ((near + 3 * (horizontal + vertical) + diagonal + 8) >> 3)) >> 1;
    }
}
