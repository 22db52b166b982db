package dev.pg.model.image;

import java.util.Arrays;

/** What a JPEG file says before its image data, and whether it reaches its end marker. */
final class JpegHeader {
    private static final int NO_ADOBE = -1;

    int width;
    int height;
    int components;
    byte[] exif = {};
    private int[] ids = {};
    private boolean jfif;
    private int adobeTransform = NO_ADOBE;

    private JpegHeader() {}

    static JpegHeader read(PictureFile file) {
        JpegHeader header = new JpegHeader();
        long at = 2;
        for (int marker = marker(file, at); marker != 0xd9; marker = marker(file, at)) {
            long body = at + 4;
            int length = file.u16be(at + 2) - 2;
            if (length < 0 || body + length > file.length()) {
                throw file.cutOff();
            }
            header.segment(file, marker, body, length);
            at = body + length;
            if (marker == 0xda) {
                at = afterData(file, at);
            }
        }
        if (header.components == 0) {
            throw file.broken("the JPEG has no frame header; it is damaged");
        }
        return header;
    }

    /** The marker at {@code at}; behind it, a segment's length. */
    private static int marker(PictureFile file, long at) {
        int marker = file.u8(at + 1);
        if (file.u8(at) != 0xff || marker == 0) {
            throw file.broken("the JPEG is damaged at byte " + at);
        }
        return marker;
    }

    private void segment(PictureFile file, int marker, long body, int length) {
        boolean frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame && components == 0) {
            height = file.u16be(body + 1);
            width = file.u16be(body + 3);
            components = file.u8(body + 5);
            if (components != 1 && components != 3 && components != 4) {
                throw file.broken("the JPEG has " + components + " colour components; expected 1, 3 or 4");
            }
            ids = new int[components];
            for (int c = 0; c < components; c++) {
                ids[c] = file.u8(body + 6 + 3L * c);
            }
        } else if (marker == 0xe0 && file.has(body, "JFIF\0")) {
            jfif = true;
        } else if (marker == 0xee && file.has(body, "Adobe") && length >= 12) {
            adobeTransform = file.u8(body + 11);
        } else if (marker == 0xe1 && file.has(body, "Exif\0\0") && length > 6 && exif.length == 0) {
            exif = Arrays.copyOfRange(file.bytes(), (int) body + 6, (int) body + length);
        }
    }

    /** The position of the next marker that is neither a stuffed byte nor a restart nor filling. */
    private static long afterData(PictureFile file, long at) {
        long next = at;
        while (file.u8(next) != 0xff || isPartOfData(file.u8(next + 1))) {
            next++;
        }
        return next;
    }

    private static boolean isPartOfData(int second) {
        return second == 0 || second == 0xff || (second >= 0xd0 && second <= 0xd7);
    }

    /** Whether the first three components are luma and chroma; libjpeg's rule ({@code jdapimin.c, default_decompress_parms}). */
    boolean isTransformed() {
        if (components == 4) {
            return adobeTransform != NO_ADOBE && adobeTransform != 0;
        }
        if (jfif) {
            return true;
        }
        if (adobeTransform != NO_ADOBE) {
            return adobeTransform != 0;
        }
        return !Arrays.equals(ids, new int[] {'R', 'G', 'B'});
    }
}
