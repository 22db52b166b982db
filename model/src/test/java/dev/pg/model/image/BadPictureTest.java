package dev.pg.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.PgException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BadPictureTest {
    private static final Path DIR = Path.of(System.getProperty("pg.testdata"), "golden-pg", "pictures");

    @TempDir
    private Path temp;

    private static byte[] file(String name) throws IOException {
        return Files.readAllBytes(DIR.resolve(name));
    }

    private static void refused(byte[] bytes, String... messages) {
        assertThatThrownBy(() -> ImageReader.read(bytes, "x.png"))
                .isInstanceOf(PgException.class)
                .hasMessageStartingWith("x.png: ")
                .hasMessageContainingAll(messages);
    }

    @Test
    void namesFilesThatAreNone() throws IOException {
        Path text = Files.writeString(temp.resolve("notes.png"), "not a picture");

        assertThatThrownBy(() -> ImageReader.read(text))
                .isInstanceOf(PgException.class)
                .hasMessage(text + ": is no picture; expected a PNG, JPEG, GIF, BMP or WebP picture");
        assertThatThrownBy(() -> ImageReader.read(temp.resolve("none.png")))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("none.png")
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> ImageReader.read(temp))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("is a directory");
        refused(new byte[0], "empty");
        refused("II*\0rest".getBytes(StandardCharsets.ISO_8859_1), "TIFF");
        refused("\0\0\0\30ftypheic".getBytes(StandardCharsets.ISO_8859_1), "HEIC");
    }

    /** Pillow refuses each of these too. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "rgb8-0.png",
                "rgb8-1.png",
                "chroma2.jpg",
                "chroma2-progressive.jpg",
                "plain.gif",
                "RGB.bmp",
                "lossless.webp"
            })
    void refusesAPictureThatIsCutOff(String name) throws IOException {
        byte[] whole = file(name);
        for (int length = 12; length < whole.length / 4 * 3; length += 1 + length / 8) {
            refused(Arrays.copyOf(whole, length), "");
        }
    }

    @Test
    void refusesAJpegWithoutItsEnd() throws IOException {
        byte[] whole = file("chroma2.jpg");

        refused(Arrays.copyOf(whole, whole.length - 2), "cut off");
    }

    @Test
    void refusesAPngWithABrokenChunk() throws IOException {
        byte[] png = file("rgb8-0.png");
        png[60] ^= 1;

        refused(png, "chunk at byte 33", "checksum");
    }

    @ParameterizedTest
    @CsvSource({"0, 5, no pixels", "70000, 1, 65535", "20000, 20000, limit is 178956970", "10000, 10000, cannot hold"})
    void checksTheSizeThatAPngClaims(int width, int height, String message) throws IOException {
        refused(pngOf(width, height, 8, 2), width + "x" + height, message);
    }

    @Test
    void checksTheSizeThatOtherFormatsClaim() throws IOException {
        refused(
                patched("chroma0.jpg", indexOf(file("chroma0.jpg"), 0xff, 0xc0) + 5, 0xff, 0xff, 0xff, 0xff),
                "65535x65535");
        refused(patched("chroma0.jpg", indexOf(file("chroma0.jpg"), 0xff, 0xc0) + 5, 0x20, 0, 0x20, 0), "cannot hold");
        refused(patched("plain.gif", 6, 0x40, 0x1f, 0x40, 0x1f), "8000x8000", "cannot hold");
        refused(patched("RGB.bmp", 18, 0x10, 0x27, 0, 0, 0x10, 0x27, 0, 0), "cut off");
        refused(patched("lossless.webp", 21, 0xff, 0xff, 0xff, 0x0f), "16384x16384", "limit is");
    }

    @Test
    void refusesWhatTheHeapCannotHold() throws IOException {
        // Lossless WebP can stand for any number of pixels in a few bytes.
        long side = Math.min(16_383, (long) Math.sqrt(Runtime.getRuntime().maxMemory() / 11.0));
        int bits = (int) side | (int) side << 14;
        byte[] webp = patched("lossless.webp", 21, bits, bits >> 8, bits >> 16, bits >> 24);

        assertThatThrownBy(() -> ImageReader.read(webp, "big.webp", ReadOptions.DEFAULT.withMaxPixels(Long.MAX_VALUE)))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("-Xmx");
    }

    @Test
    void obeysAPixelLimit() throws IOException {
        Path file = DIR.resolve("rgb8-0.png");
        Image image = ImageReader.read(file);
        long pixels = (long) image.width() * image.height();

        assertThat(ImageReader.read(file, ReadOptions.DEFAULT.withMaxPixels(pixels)))
                .isEqualTo(image);
        assertThatThrownBy(() -> ImageReader.read(file, ReadOptions.DEFAULT.withMaxPixels(pixels - 1)))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("the limit is " + (pixels - 1));
    }

    @Test
    void passesOverBrokenExif() throws IOException {
        byte[] jpeg = file("orientation6.jpg");
        Image turned = ImageReader.read(jpeg, "x.jpg");
        Image stored = ImageReader.read(jpeg, "x.jpg", ReadOptions.DEFAULT.withUpright(false));
        int tiff = indexOf(jpeg, 'E', 'x', 'i', 'f') + 6;
        Arrays.fill(jpeg, tiff, tiff + 8, (byte) 0x7f);

        assertThat(turned.width()).isEqualTo(stored.height());
        assertThat(ImageReader.read(jpeg, "x.jpg")).isEqualTo(stored);
    }

    private static byte[] patched(String name, int at, int... values) throws IOException {
        byte[] bytes = file(name);
        for (int i = 0; i < values.length; i++) {
            bytes[at + i] = (byte) values[i];
        }
        return bytes;
    }

    private static int indexOf(byte[] bytes, int... wanted) {
        for (int i = 0; i + wanted.length <= bytes.length; i++) {
            int k = 0;
            while (k < wanted.length && bytes[i + k] == (byte) wanted[k]) {
                k++;
            }
            if (k == wanted.length) {
                return i;
            }
        }
        throw new AssertionError("not found");
    }

    /** A sound PNG of a few bytes, but for its size. */
    private static byte[] pngOf(int width, int height, int depth, int type) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
        ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height).put((byte) depth);
        out.write(chunk("IHDR", header.put((byte) type).array()));
        out.write(chunk("IDAT", new byte[] {0x78, (byte) 0x9c, 3, 0, 0, 0, 0, 1}));
        out.write(chunk("IEND", new byte[0]));
        return out.toByteArray();
    }

    private static byte[] chunk(String type, byte[] data) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + data.length).order(ByteOrder.BIG_ENDIAN);
        chunk.putInt(data.length).put(type.getBytes(StandardCharsets.US_ASCII)).put(data);
        CRC32 sum = new CRC32();
        sum.update(chunk.array(), 4, 4 + data.length);
        return chunk.putInt((int) sum.getValue()).array();
    }
}
