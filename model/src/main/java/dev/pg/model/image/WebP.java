package dev.pg.model.image;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.util.Arrays;

/** WebP (RFC 9649), lossy and lossless, of an animated one the first frame. Decoded by TwelveMonkeys ImageIO. */
final class WebP {
    private static final int FIRST_CHUNK = 12;

    private WebP() {}

    static Image decode(PictureFile file) {
        long body = FIRST_CHUNK + 8;
        long width;
        long height;
        if (file.has(FIRST_CHUNK, "VP8X")) {
            width = 1 + u24(file, body + 4);
            height = 1 + u24(file, body + 7);
        } else if (file.has(FIRST_CHUNK, "VP8L")) {
            long bits = file.u32le(body + 1);
            width = 1 + (bits & 0x3fff);
            height = 1 + ((bits >> 14) & 0x3fff);
        } else if (file.has(FIRST_CHUNK, "VP8 ")) {
            width = file.u16le(body + 6) & 0x3fff;
            height = file.u16le(body + 8) & 0x3fff;
        } else {
            throw file.broken("the WebP begins with an unknown chunk; it is damaged");
        }
        // Four bytes of the decoder's samples, as many of its buffers, and three of ours.
        file.admit(width, height, 11);
        Chunks chunks = Chunks.check(file);
        Image image = JavaCodec.run(
                new WebPImageReaderSpi(),
                file,
                reader -> Samples.take(reader.read(0), file.options().gray16()));
        return Orientation.apply(chunks.lossy ? Chroma.interpolate(image) : image, chunks.exif, file.options());
    }

    private static long u24(PictureFile file, long at) {
        return file.u16le(at) | (long) file.u8(at + 2) << 16;
    }

    /** What a walk over the chunks, which must all be there, finds. */
    private static final class Chunks {
        boolean lossy;
        byte[] exif = {};

        static Chunks check(PictureFile file) {
            Chunks found = new Chunks();
            long at = FIRST_CHUNK;
            while (at + 8 <= file.length()) {
                long length = file.u32le(at + 4);
                if (at + 8 + length > file.length()) {
                    throw file.cutOff();
                }
                if (file.has(at, "VP8 ")) {
                    found.lossy = true;
                } else if (file.has(at, "EXIF")) {
                    found.exif = Arrays.copyOfRange(file.bytes(), (int) at + 8, (int) (at + 8 + length));
                }
                at += 8 + length + (length & 1);
            }
            return found;
        }
    }
}
