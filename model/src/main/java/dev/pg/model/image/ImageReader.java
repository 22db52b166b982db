package dev.pg.model.image;

import dev.pg.core.PgException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads picture files: PNG, JPEG, GIF, BMP and WebP, told apart by their first bytes, whatever they are called. The pixels are those
 * that Pillow's {@code convert("RGB")} yields: palettes are looked up, grey is repeated, alpha is dropped without blending, CMYK
 * is converted by its simple formula, embedded colour profiles are ignored. Of several frames the first counts.
 *
 * <p>A file is not trusted: its size in pixels is checked before anything is decoded, and a file that is damaged, cut off or
 * claims more than it can hold is refused.
 *
 * <p>Thread-safe.
 */
public final class ImageReader {
    /** A larger file is refused. */
    static final int MAX_BYTES = 512 << 20;

    private ImageReader() {}

    /** As {@link #read(Path, ReadOptions)} with {@link ReadOptions#DEFAULT}. */
    public static Image read(Path file) {
        return read(file, ReadOptions.DEFAULT);
    }

    /**
     * Reads a file.
     *
     * @throws PgException if it cannot be read, is no picture of a supported format, is damaged, or is too large
     */
    public static Image read(Path file, ReadOptions options) {
        return read(load(file), file.toString(), options);
    }

    /** As {@link #read(byte[], String, ReadOptions)} with {@link ReadOptions#DEFAULT}. */
    public static Image read(byte[] bytes, String name) {
        return read(bytes, name, ReadOptions.DEFAULT);
    }

    /**
     * Decodes the bytes of a file.
     *
     * @param name what error messages call it
     * @throws PgException if they are no picture of a supported format, damaged, or too large
     */
    public static Image read(byte[] bytes, String name, ReadOptions options) {
        PictureFile file = new PictureFile(bytes, name, options);
        if (file.length() == 0) {
            throw file.broken("the file is empty; expected a picture");
        }
        if (file.has(0, "\u0089PNG\r\n\u001a\n")) {
            return Png.decode(file);
        }
        if (file.has(0, "\u00ff\u00d8\u00ff")) {
            return Jpeg.decode(file);
        }
        if (file.has(0, "GIF87a") || file.has(0, "GIF89a")) {
            return Gif.decode(file);
        }
        if (file.has(0, "BM")) {
            return Bmp.decode(file);
        }
        if (file.has(0, "RIFF") && file.has(8, "WEBP")) {
            return WebP.decode(file);
        }
        throw file.broken(nameOfOther(file) + "; expected a PNG, JPEG, GIF, BMP or WebP picture");
    }

    private static String nameOfOther(PictureFile file) {
        if (file.has(4, "ftyp")) {
            return "is a HEIC, AVIF or video file";
        }
        if (file.has(0, "II*\0") || file.has(0, "MM\0*")) {
            return "is a TIFF file";
        }
        return file.has(0, "%PDF") ? "is a PDF file" : "is no picture";
    }

    private static byte[] load(Path file) {
        if (Files.isDirectory(file)) {
            throw new PgException(file + ": is a directory; expected a picture file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new PgException(file + ": is larger than " + (MAX_BYTES >> 20) + " MB, too large for a picture");
            }
            return bytes;
        } catch (IOException e) {
            throw PgException.cannotRead(file, e);
        }
    }
}
