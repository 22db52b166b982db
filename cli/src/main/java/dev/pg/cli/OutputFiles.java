package dev.pg.cli;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** Names for files made from pictures: {@code folder/<picture>-mask.png}, each only once in a run. */
final class OutputFiles {
    private final Path folder;
    private final Set<Path> taken = new HashSet<>();

    /** @throws PgException if {@code folder} is not there and cannot be made */
    OutputFiles(Path folder) {
        this.folder = folder;
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw PgException.cannotWrite(folder, e);
        }
    }

    /** A file named after a picture; the second of one name is {@code -mask-2.png}, and so on. */
    Path named(Picture picture, String suffix) {
        String stem = stem(picture);
        Path file = folder.resolve(stem + suffix + ".png");
        for (int n = 2; !taken.add(file); n++) {
            file = folder.resolve(String.format(Locale.ROOT, "%s%s-%d.png", stem, suffix, n));
        }
        return file;
    }

    private static String stem(Picture picture) {
        if (picture.name().equals("-")) {
            return "stdin";
        }
        String name = Path.of(picture.name()).getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }
}
