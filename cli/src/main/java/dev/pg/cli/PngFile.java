package dev.pg.cli;

import dev.pg.core.AtomicFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Writes PNG files, whole or not at all. */
final class PngFile {
    private PngFile() {}

    /** @throws dev.pg.core.PgException if the file cannot be written */
    static void write(Path file, BufferedImage picture) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.setUseCache(false);
            ImageIO.write(picture, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException("memory refused a PNG", e);
        }
        ByteBuffer bytes = ByteBuffer.wrap(png.toByteArray());
        AtomicFile.write(file, channel -> {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        });
    }
}
