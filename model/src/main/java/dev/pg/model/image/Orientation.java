package dev.pg.model.image;

import com.twelvemonkeys.imageio.metadata.CompoundDirectory;
import com.twelvemonkeys.imageio.metadata.Directory;
import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFReader;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.IOException;
import javax.imageio.stream.ImageInputStream;

/** The EXIF tag that says how a camera was held (Exif 2.32, 4.6.4 A, tag 0x0112). */
final class Orientation {
    private Orientation() {}

    /**
     * {@code image} turned upright, if the options ask for it.
     *
     * @param exif the TIFF structure of an EXIF block; empty if there is none
     */
    static Image apply(Image image, byte[] exif, ReadOptions options) {
        return options.upright() && exif.length > 0 ? turn(image, of(exif)) : image;
    }

    /** 1 to 8; 1 (upright) where the block says nothing or nonsense, as a picture with broken metadata is still a picture. */
    static int of(byte[] exif) {
        try (ImageInputStream in = new ByteArrayImageInputStream(exif)) {
            // The first directory describes the picture, the second its thumbnail.
            Directory directory = ((CompoundDirectory) new TIFFReader().read(in)).getDirectory(0);
            Entry entry = directory.getEntryById(TIFF.TAG_ORIENTATION);
            return entry != null && entry.getValue() instanceof Number n && n.intValue() >= 1 && n.intValue() <= 8
                    ? n.intValue()
                    : 1;
        } catch (IOException | RuntimeException e) {
            return 1;
        }
    }

    /** Undoes orientation {@code code}: 2 to 4 mirror and turn by 180 degrees, 5 to 8 also exchange rows and columns. */
    static Image turn(Image image, int code) {
        if (code == 1) {
            return image;
        }
        int w = image.width();
        int h = image.height();
        boolean transpose = code >= 5;
        boolean fromRight = code == 2 || code == 3 || code == 7 || code == 8;
        boolean fromBottom = code == 3 || code == 4 || code == 6 || code == 7;
        int width = transpose ? h : w;
        int height = transpose ? w : h;
        byte[] in = image.bytes();
        byte[] out = new byte[in.length];
        for (int y = 0, o = 0; y < height; y++) {
            for (int x = 0; x < width; x++, o += 3) {
                int column = transpose ? y : x;
                int row = transpose ? x : y;
                int i = 3 * ((fromBottom ? h - 1 - row : row) * w + (fromRight ? w - 1 - column : column));
                out[o] = in[i];
                out[o + 1] = in[i + 1];
                out[o + 2] = in[i + 2];
            }
        }
        return new Image(width, height, out);
    }
}
