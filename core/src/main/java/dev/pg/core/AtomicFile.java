package dev.pg.core;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Writes a file completely or not at all: the bytes go to a temporary file in the same directory, which takes the final name in
 * one step. On an error, and on Ctrl-C, the temporary file is deleted and what stood under the name before stays.
 */
public final class AtomicFile {
    private AtomicFile() {}

    /** Writes the bytes of a file. */
    @FunctionalInterface
    public interface Content {
        /** Writes everything to {@code out}, which is empty and which the caller closes. */
        void write(FileChannel out) throws IOException;
    }

    /**
     * Creates or replaces {@code file}. A symbolic link stays and its target is replaced; to something that is not a file (a
     * pipe, {@code /dev/null}) the bytes are written directly.
     *
     * @throws PgException if it cannot be written: the directory is missing, permissions, a full disk
     */
    public static void write(Path file, Content content) {
        if (Files.isDirectory(file)) {
            throw new PgException(file + ": is a directory; give the name of a file to write");
        }
        Path directory = file.toAbsolutePath().getParent();
        if (!Files.isDirectory(directory)) {
            throw new PgException(file + ": the directory " + directory + " does not exist; create it first");
        }
        try {
            if (!Files.exists(file)) {
                replace(file, content);
            } else if (Files.isRegularFile(file)) {
                replace(file.toRealPath(), content);
            } else {
                try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    content.write(out);
                }
            }
        } catch (IOException e) {
            throw PgException.cannotWrite(file, e);
        }
    }

    private static void replace(Path file, Content content) throws IOException {
        Path temporary = file.resolveSibling(".pg-" + UUID.randomUUID() + ".tmp");
        Thread onExit = new Thread(() -> temporary.toFile().delete());
        Runtime.getRuntime().addShutdownHook(onExit);
        try {
            try (FileChannel out =
                    FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                content.write(out);
                out.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
            unregister(onExit);
        }
    }

    private static void unregister(Thread onExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException shuttingDown) {
            // Then the hook runs, and finds nothing left to delete.
        }
    }
}
