package dev.pg.model.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.DirectColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;

/**
 * From Java's many picture layouts to RGB bytes, by the stored samples. {@code BufferedImage.getRGB} would not do: it takes
 * grey samples for linear light and brightens them.
 */
final class Samples {
    private Samples() {}

    /** RGB bytes of {@code picture}, which stays as it is. */
    static Image rgb(BufferedImage picture, Gray16 gray16) {
        int width = picture.getWidth();
        int height = picture.getHeight();
        byte[] out = new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))];
        ColorModel colors = picture.getColorModel();
        if (colors instanceof IndexColorModel palette) {
            indexed(picture.getRaster(), palette, out);
        } else if (holdsPlainSamples(colors)) {
            components(picture.getRaster(), gray16, out);
        } else if (colors instanceof DirectColorModel && !colors.isAlphaPremultiplied()) {
            packed(picture.getRaster(), colors, out);
        } else {
            converted(picture, out);
        }
        return new Image(width, height, out);
    }

    /**
     * RGB bytes of a picture that nobody else holds: the common layout, three interleaved bytes, is reordered in place, so
     * that a large photo is in memory once.
     */
    static Image take(BufferedImage picture, Gray16 gray16) {
        byte[] bytes = interleaved(picture.getRaster(), 3);
        if (bytes == null || !holdsPlainSamples(picture.getColorModel())) {
            return rgb(picture, gray16);
        }
        int[] order = ((PixelInterleavedSampleModel) picture.getSampleModel()).getBandOffsets();
        if (order[0] == 2) {
            for (int i = 0; i < bytes.length; i += 3) {
                byte blue = bytes[i];
                bytes[i] = bytes[i + 2];
                bytes[i + 2] = blue;
            }
        }
        return new Image(picture.getWidth(), picture.getHeight(), bytes);
    }

    /**
     * The array behind {@code raster} if it holds just its {@code bands} interleaved bytes a pixel, in order or in reverse;
     * else null.
     */
    static byte[] interleaved(Raster raster, int bands) {
        if (raster.getNumBands() != bands
                || !(raster.getDataBuffer() instanceof DataBufferByte buffer)
                || !(raster.getSampleModel() instanceof PixelInterleavedSampleModel layout)) {
            return null;
        }
        int[] order = layout.getBandOffsets();
        boolean forward = true;
        boolean backward = true;
        for (int i = 0; i < bands; i++) {
            forward &= order[i] == i;
            backward &= order[i] == bands - 1 - i;
        }
        boolean whole = layout.getPixelStride() == bands
                && layout.getScanlineStride() == bands * raster.getWidth()
                && buffer.getNumBanks() == 1
                && buffer.getOffset() == 0
                && buffer.getData().length == (long) bands * raster.getWidth() * raster.getHeight();
        return whole && (forward || backward) ? buffer.getData() : null;
    }

    /** Grey or RGB, 8 or 16 bits, alpha (if any) apart and not multiplied in. */
    private static boolean holdsPlainSamples(ColorModel colors) {
        int type = colors.getColorSpace().getType();
        return colors instanceof ComponentColorModel
                && (type == ColorSpace.TYPE_GRAY || type == ColorSpace.TYPE_RGB)
                && !colors.isAlphaPremultiplied()
                && (colors.getTransferType() == DataBuffer.TYPE_BYTE
                        || colors.getTransferType() == DataBuffer.TYPE_USHORT);
    }

    private static void indexed(Raster raster, IndexColorModel palette, byte[] out) {
        int[] colors = new int[palette.getMapSize()];
        palette.getRGBs(colors);
        int[] row = new int[raster.getWidth()];
        for (int y = 0, o = 0; y < raster.getHeight(); y++) {
            raster.getSamples(raster.getMinX(), raster.getMinY() + y, row.length, 1, 0, row);
            for (int index : row) {
                o = put(index < colors.length ? colors[index] : 0, out, o);
            }
        }
    }

    private static void components(Raster raster, Gray16 gray16, byte[] out) {
        int bands = raster.getNumBands();
        boolean wide = raster.getTransferType() == DataBuffer.TYPE_USHORT;
        boolean clip = wide && bands < 3 && gray16 == Gray16.CLIP;
        int shift = wide && !clip ? 8 : 0;
        int green = bands < 3 ? 0 : 1;
        int blue = bands < 3 ? 0 : 2;
        int[] row = new int[Math.multiplyExact(raster.getWidth(), bands)];
        for (int y = 0, o = 0; y < raster.getHeight(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, raster.getWidth(), 1, row);
            for (int i = 0; i < row.length; i += bands) {
                if (clip) {
                    row[i] = Math.min(row[i], 255);
                }
                out[o++] = (byte) (row[i] >> shift);
                out[o++] = (byte) (row[i + green] >> shift);
                out[o++] = (byte) (row[i + blue] >> shift);
            }
        }
    }

    /** Samples of some bits each, packed into a number; widened to 8 bits as Pillow does it, rounding down. */
    private static void packed(Raster raster, ColorModel colors, byte[] out) {
        int bands = raster.getNumBands();
        int[] row = new int[Math.multiplyExact(raster.getWidth(), bands)];
        for (int y = 0, o = 0; y < raster.getHeight(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, raster.getWidth(), 1, row);
            for (int i = 0; i < row.length; i += bands) {
                for (int c = 0; c < 3; c++) {
                    out[o++] = (byte) (row[i + c] * 255 / ((1 << colors.getComponentSize(c)) - 1));
                }
            }
        }
    }

    private static void converted(BufferedImage picture, byte[] out) {
        int[] row = new int[picture.getWidth()];
        for (int y = 0, o = 0; y < picture.getHeight(); y++) {
            picture.getRGB(0, y, row.length, 1, row, 0, row.length);
            for (int color : row) {
                o = put(color, out, o);
            }
        }
    }

    private static int put(int color, byte[] out, int o) {
        out[o] = (byte) (color >> 16);
        out[o + 1] = (byte) (color >> 8);
        out[o + 2] = (byte) color;
        return o + 3;
    }
}
