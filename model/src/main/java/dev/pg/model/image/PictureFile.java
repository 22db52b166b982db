package dev.pg.model.image;

import dev.pg.core.PgException;
import java.nio.charset.StandardCharsets;

/**
 * The bytes of a picture file on their way through a decoder: bounds-checked access, admission of its size, and error messages
 * that name it.
 */
final class PictureFile {
    /** The longest side; JPEG, GIF and WebP cannot have longer ones. */
    static final int MAX_SIDE = 65_535;

    private final byte[] bytes;
    private final String name;
    private final ReadOptions options;

    PictureFile(byte[] bytes, String name, ReadOptions options) {
        this.bytes = bytes;
        this.name = name;
        this.options = options;
    }

    byte[] bytes() {
        return bytes;
    }

    ReadOptions options() {
        return options;
    }

    /** An error in this file: its name, what is wrong and what to do. */
    PgException broken(String what) {
        return new PgException(name + ": " + what);
    }

    /** As {@link #broken(String)}, with what the platform said. */
    PgException broken(String what, Throwable cause) {
        return new PgException(name + ": " + what, cause);
    }

    PgException cutOff() {
        return broken("the picture is cut off after " + bytes.length + " bytes; copy or download it again");
    }

    int length() {
        return bytes.length;
    }

    int u8(long at) {
        if (at < 0 || at >= bytes.length) {
            throw cutOff();
        }
        return bytes[(int) at] & 0xff;
    }

    int u16le(long at) {
        return u8(at) | u8(at + 1) << 8;
    }

    int u16be(long at) {
        return u8(at) << 8 | u8(at + 1);
    }

    long u32le(long at) {
        return u16le(at) | (long) u16le(at + 2) << 16;
    }

    long u32be(long at) {
        return (long) u16be(at) << 16 | u16be(at + 2);
    }

    /** Whether the ASCII characters of {@code text} stand at {@code at}. */
    boolean has(long at, String text) {
        byte[] wanted = text.getBytes(StandardCharsets.ISO_8859_1);
        if (at < 0 || at + wanted.length > bytes.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (bytes[(int) at + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Checks the claimed size before anything of that size is allocated.
     *
     * @param bytesPerPixel what decoding needs at its peak
     */
    void admit(long width, long height, int bytesPerPixel) {
        if (width < 1 || height < 1) {
            throw broken("the picture is " + width + "x" + height + ": it has no pixels");
        }
        String size = "the picture claims " + width + "x" + height + " pixels";
        if (width > MAX_SIDE || height > MAX_SIDE) {
            throw broken(size + ", a side may have " + MAX_SIDE + "; make it smaller");
        }
        if (width * height > options.maxPixels()) {
            throw broken(size + ", the limit is " + options.maxPixels() + " in all; make it smaller");
        }
        long heap = Runtime.getRuntime().maxMemory();
        if (width * height * bytesPerPixel > heap / 4 * 3) {
            throw tooLarge(size, width * height * bytesPerPixel);
        }
    }

    /**
     * Refuses a picture of which the file cannot possibly hold the pixels.
     *
     * @param pixelsPerByte more than this many pixels no byte of this format can stand for
     */
    void admitDensity(long width, long height, long dataBytes, long pixelsPerByte) {
        if (width * height / pixelsPerByte > dataBytes) {
            throw broken("the picture claims " + width + "x" + height + " pixels, which " + dataBytes
                    + " bytes of data cannot hold; it is cut off or forged");
        }
    }

    private PgException tooLarge(String size, long needed) {
        return broken(size + ", which take about " + (needed >> 20) + " MB to decode, and the Java heap may have "
                + (Runtime.getRuntime().maxMemory() >> 20) + " MB; enlarge it with -Xmx or make the picture smaller");
    }
}
