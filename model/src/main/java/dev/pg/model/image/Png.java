package dev.pg.model.image;

import java.util.Arrays;
import java.util.zip.CRC32;

/** PNG (ISO/IEC 15948), of an animated one the default image. The JDK's decoder reads the samples and does not check sums; this class does. */
final class Png {
    private static final int SIGNATURE = 8;

    /** A byte of deflate data stands for at most 1032 bytes, and a byte of those for eight pixels. */
    private static final int PIXELS_PER_BYTE = 1032 * 8;

    private Png() {}

    static Image decode(PictureFile file) {
        if (!file.has(SIGNATURE + 4, "IHDR")) {
            throw file.broken("the PNG does not begin with its header; it is damaged");
        }
        long width = file.u32be(SIGNATURE + 8);
        long height = file.u32be(SIGNATURE + 12);
        int depth = file.u8(SIGNATURE + 16);
        int type = file.u8(SIGNATURE + 17);
        // The decoder's samples (palette indices, grey, RGB, each perhaps with alpha) beside three bytes of ours.
        int samples = type == 6 ? 4 : type == 4 ? 2 : type == 2 ? 3 : 1;
        file.admit(width, height, 3 + samples * (depth == 16 ? 2 : 1));
        Chunks chunks = Chunks.check(file);
        file.admitDensity(width, height, chunks.data, (long) PIXELS_PER_BYTE / Math.max(1, samples * depth));
        // Only grey that has no alpha of its own is clipped by Pillow.
        Gray16 gray16 = type == 0 ? file.options().gray16() : Gray16.SCALE;
        Image image = JavaCodec.run(JavaCodec.jdk("png"), file, reader -> Samples.take(reader.read(0), gray16));
        return Orientation.apply(image, chunks.exif, file.options());
    }

    /** What a walk over the chunks finds: how much image data there is, and the EXIF block. */
    private static final class Chunks {
        long data;
        byte[] exif = {};

        static Chunks check(PictureFile file) {
            Chunks found = new Chunks();
            long at = SIGNATURE;
            while (at + 12 <= file.length() && !file.has(at + 4, "IEND")) {
                long length = file.u32be(at);
                boolean critical = (file.u8(at + 4) & 0x20) == 0;
                if (at + 12 + length > file.length()) {
                    if (critical || found.data == 0) {
                        throw file.cutOff();
                    }
                    break;
                }
                if (critical && !sumIsRight(file, (int) at, (int) length)) {
                    throw file.broken("the PNG's chunk at byte " + at + " is damaged (its checksum is wrong)");
                }
                if (file.has(at + 4, "IDAT")) {
                    found.data += length;
                } else if (file.has(at + 4, "eXIf")) {
                    found.exif = Arrays.copyOfRange(file.bytes(), (int) at + 8, (int) (at + 8 + length));
                }
                at += 12 + length;
            }
            return found;
        }

        private static boolean sumIsRight(PictureFile file, int at, int length) {
            CRC32 sum = new CRC32();
            sum.update(file.bytes(), at + 4, length + 4);
            return sum.getValue() == file.u32be(at + 8 + length);
        }
    }
}
