package dev.pg.model.image;

import java.awt.image.Raster;

/**
 * JPEG (ITU-T T.81): baseline and progressive; grey, YCbCr, RGB, CMYK and YCCK. The JDK's decoder is libjpeg 6b. It is asked for raw
 * samples, as its colour conversion takes profiles into account, and as with the conversions of libjpeg and Pillow the result is
 * theirs to the bit.
 */
final class Jpeg {
    /** A block has 64 pixels and takes at least a bit; unusual sampling at most doubles what it covers. */
    private static final int PIXELS_PER_BYTE = 2 * 64 * 8;

    private static final int SCALE = 16;
    private static final int HALF = 1 << (SCALE - 1);

    private Jpeg() {}

    static Image decode(PictureFile file) {
        JpegHeader header = JpegHeader.read(file);
        file.admit(header.width, header.height, header.components == 3 ? 3 : 3 + header.components);
        file.admitDensity(header.width, header.height, file.length(), PIXELS_PER_BYTE);
        Image image = JavaCodec.run(JavaCodec.jdk("jpeg"), file, reader -> rgb(reader.readRaster(0, null), header));
        return Orientation.apply(image, header.exif, file.options());
    }

    private static Image rgb(Raster raster, JpegHeader header) {
        byte[] in = Samples.interleaved(raster, header.components);
        if (in == null) {
            throw new IllegalStateException("unexpected layout of JPEG samples: " + raster);
        }
        byte[] out = header.components == 3 ? in : new byte[Math.multiplyExact(3, in.length / header.components)];
        switch (header.components) {
            case 1 -> {
                for (int i = 0; i < in.length; i++) {
                    out[3 * i] = out[3 * i + 1] = out[3 * i + 2] = in[i];
                }
            }
            case 3 -> {
                if (header.isTransformed()) {
                    fromYcc(in, 3);
                }
            }
            default -> {
                if (header.isTransformed()) {
                    fromYcc(in, 4);
                    invertColors(in);
                }
                fromCmyk(in, out);
            }
        }
        return new Image(raster.getWidth(), raster.getHeight(), out);
    }

    /** YCbCr to RGB in place, in libjpeg's 16-bit fixed point ({@code jdcolor.c}). */
    private static void fromYcc(byte[] samples, int stride) {
        int[] crToRed = new int[256];
        int[] cbToBlue = new int[256];
        int[] crToGreen = new int[256];
        int[] cbToGreen = new int[256];
        for (int i = 0; i < 256; i++) {
            int x = i - 128;
            crToRed[i] = (fixed(1.40200) * x + HALF) >> SCALE;
            cbToBlue[i] = (fixed(1.77200) * x + HALF) >> SCALE;
            crToGreen[i] = -fixed(0.71414) * x;
            cbToGreen[i] = -fixed(0.34414) * x + HALF;
        }
        for (int i = 0; i < samples.length; i += stride) {
            int y = samples[i] & 0xff;
            int cb = samples[i + 1] & 0xff;
            int cr = samples[i + 2] & 0xff;
            samples[i] = clip(y + crToRed[cr]);
            samples[i + 1] = clip(y + ((cbToGreen[cb] + crToGreen[cr]) >> SCALE));
            samples[i + 2] = clip(y + cbToBlue[cb]);
        }
    }

    private static int fixed(double x) {
        return (int) (x * (1 << SCALE) + 0.5);
    }

    private static byte clip(int v) {
        return (byte) Math.clamp(v, 0, 255);
    }

    /** YCCK holds the RGB of 255 - C, 255 - M, 255 - Y. */
    private static void invertColors(byte[] samples) {
        for (int i = 0; i < samples.length; i += 4) {
            samples[i] = (byte) ~samples[i];
            samples[i + 1] = (byte) ~samples[i + 1];
            samples[i + 2] = (byte) ~samples[i + 2];
        }
    }

    /**
     * Pillow takes every file for one of Adobe's, in which 255 means no ink, and then paints ink on white without any profile ({@code
     * Convert.c, cmyk2rgb}): (255 - K) less its share of C, M or Y.
     */
    private static void fromCmyk(byte[] in, byte[] out) {
        for (int i = 0, o = 0; i < in.length; i += 4, o += 3) {
            int light = in[i + 3] & 0xff;
            for (int c = 0; c < 3; c++) {
                int product = (255 - (in[i + c] & 0xff)) * light + 128;
                out[o + c] = clip(light - (((product >> 8) + product) >> 8));
            }
        }
    }
}
