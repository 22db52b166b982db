package dev.pg.cli;

import dev.pg.core.PgException;
import dev.pg.model.image.Image;
import dev.pg.model.image.ImageReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A picture named on the command line, read only when its turn comes.
 *
 * @param name what messages and results call it
 * @param reader reads it, or says why it cannot be read
 */
record Picture(String name, Supplier<Image> reader) {
    /** Help for a parameter that names pictures. */
    static final String HELP = "Picture files, folders of them, quoted globs ('*.png', '**/*.jpg'), or - for stdin.";

    private static final Set<String> EXTENSIONS = Set.of("png", "jpg", "jpeg", "gif", "bmp", "webp");

    /** @throws PgException if it cannot be read */
    Image read() {
        return reader.get();
    }

    /** All pictures that {@code arguments} name, in their order; those of one folder or glob sorted by name. */
    static List<Picture> all(List<String> arguments) {
        return arguments.stream().flatMap(argument -> named(argument).stream()).toList();
    }

    /** One picture, from a file or from standard input. */
    static Picture one(String argument) {
        if (argument.equals("-")) {
            return new Picture("-", Picture::standardInput);
        }
        try {
            return of(Path.of(argument));
        } catch (InvalidPathException e) {
            return missing(argument, "is no file name: " + e.getReason());
        }
    }

    private static List<Picture> named(String argument) {
        Path path;
        try {
            path = Path.of(argument);
        } catch (InvalidPathException e) {
            return List.of(one(argument));
        }
        try {
            if (Files.isDirectory(path)) {
                List<Path> files = inFolder(path);
                return files.isEmpty()
                        ? List.of(
                                missing(argument, "no pictures in this folder (" + String.join(", ", EXTENSIONS) + ")"))
                        : files.stream().map(Picture::of).toList();
            }
            if (!Files.exists(path) && argument.matches(".*[*?\\[{].*")) {
                List<Path> files = matching(argument);
                return files.isEmpty()
                        ? List.of(missing(argument, "no file matches this pattern"))
                        : files.stream().map(Picture::of).toList();
            }
        } catch (IOException e) {
            return List.of(new Picture(argument, () -> {
                throw PgException.cannotRead(path, e);
            }));
        }
        return List.of(one(argument));
    }

    private static Picture of(Path file) {
        return new Picture(file.toString(), () -> ImageReader.read(file));
    }

    private static Picture missing(String name, String problem) {
        return new Picture(name, () -> {
            throw new PgException(name + ": " + problem);
        });
    }

    private static Image standardInput() {
        try {
            return ImageReader.read(System.in.readAllBytes(), "standard input");
        } catch (IOException e) {
            throw new PgException("standard input cannot be read: " + e.getMessage(), e);
        }
    }

    private static List<Path> inFolder(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, Picture::looksLikeOne)) {
            entries.forEach(files::add);
        }
        files.sort(null);
        return files;
    }

    private static boolean looksLikeOne(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return EXTENSIONS.contains(name.substring(name.lastIndexOf('.') + 1)) && Files.isRegularFile(file);
    }

    /** Shells expand globs themselves, unless they are quoted because there are too many files, or on Windows. */
    private static List<Path> matching(String glob) throws IOException {
        PathMatcher deep;
        PathMatcher flat; // as in shells, **/ also stands for no folder at all
        try {
            deep = FileSystems.getDefault().getPathMatcher("glob:" + glob);
            flat = FileSystems.getDefault().getPathMatcher("glob:" + glob.replace("**/", ""));
        } catch (IllegalArgumentException e) {
            throw new IOException("not a valid pattern: " + e.getMessage(), e);
        }
        Path start = Path.of(glob.substring(0, glob.lastIndexOf('/', firstWildcard(glob)) + 1));
        int depth = glob.contains("**")
                ? Integer.MAX_VALUE
                : Path.of(glob).getNameCount()
                        - start.getNameCount()
                        + (start.toString().isEmpty() ? 1 : 0);
        try (Stream<Path> files = Files.walk(start, depth)) {
            return files.filter(file -> deep.matches(file) || flat.matches(file))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static int firstWildcard(String glob) {
        int at = 0;
        while ("*?[{".indexOf(glob.charAt(at)) < 0) {
            at++;
        }
        return at;
    }
}
