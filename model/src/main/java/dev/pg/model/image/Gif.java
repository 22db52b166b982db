package dev.pg.model.image;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;

/** GIF (87a and 89a): the first frame, laid onto the logical screen as Pillow does it. */
final class Gif {
    /** A code of at most 12 bits stands for at most 4096 pixels. */
    private static final int PIXELS_PER_BYTE = 4096;

    private final PictureFile file;
    private int screenWidth;
    private int screenHeight;
    private int left;
    private int top;
    private int width;
    private int height;
    private int background;

    private Gif(PictureFile file) {
        this.file = file;
    }

    static Image decode(PictureFile file) {
        Gif gif = new Gif(file);
        gif.findFirstFrame();
        file.admit(gif.screenWidth, gif.screenHeight, 3);
        file.admit(gif.width, gif.height, 5);
        file.admitDensity(gif.screenWidth, gif.screenHeight, file.length(), PIXELS_PER_BYTE);
        return JavaCodec.run(JavaCodec.jdk("gif"), file, reader -> gif.onScreen(reader.read(0)));
    }

    private void findFirstFrame() {
        screenWidth = file.u16le(6);
        screenHeight = file.u16le(8);
        long at = 13L + colorTable(file.u8(10));
        while (file.u8(at) != ',') {
            if (file.u8(at) != '!') {
                throw file.broken("the GIF holds no picture, or is damaged at byte " + at);
            }
            // A graphic control extension may name the transparent colour.
            if (file.u8(at + 1) == 0xf9 && file.u8(at + 2) == 4 && (file.u8(at + 3) & 1) == 1) {
                background = file.u8(at + 6);
            }
            at = afterBlocks(at + 2);
        }
        left = file.u16le(at + 1);
        top = file.u16le(at + 3);
        width = file.u16le(at + 5);
        height = file.u16le(at + 7);
        screenWidth = Math.max(screenWidth, left + width);
        screenHeight = Math.max(screenHeight, top + height);
        // The decoder pads missing data; walking to the terminator finds that it is missing.
        afterBlocks(at + 10 + colorTable(file.u8(at + 9)) + 1);
    }

    private static int colorTable(int flags) {
        return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
    }

    private long afterBlocks(long at) {
        long next = at;
        while (file.u8(next) != 0) {
            next += file.u8(next) + 1;
        }
        return next + 1;
    }

    private Image onScreen(BufferedImage frame) throws IOException {
        Image image = Samples.rgb(frame, file.options().gray16());
        if (image.width() != width || image.height() != height) {
            throw new IOException("its frame is not of the size that it says");
        }
        if (left == 0 && top == 0 && width == screenWidth && height == screenHeight) {
            return image;
        }
        byte[] out = new byte[3 * screenWidth * screenHeight];
        int color = frame.getColorModel() instanceof IndexColorModel palette && background < palette.getMapSize()
                ? palette.getRGB(background)
                : 0;
        for (int i = 0; i < out.length; i += 3) {
            out[i] = (byte) (color >> 16);
            out[i + 1] = (byte) (color >> 8);
            out[i + 2] = (byte) color;
        }
        for (int y = 0; y < height; y++) {
            System.arraycopy(image.bytes(), 3 * y * width, out, 3 * ((top + y) * screenWidth + left), 3 * width);
        }
        return new Image(screenWidth, screenHeight, out);
    }
}
