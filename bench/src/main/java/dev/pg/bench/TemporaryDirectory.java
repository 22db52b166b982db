package dev.pg.bench;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** A directory that is deleted with all that is in it: when it is closed, and on Ctrl-C. */
final class TemporaryDirectory implements AutoCloseable {
    private final Path path;
    private final Thread onExit;

    /** @throws PgException if the system's directory for temporary files cannot be written to */
    TemporaryDirectory() {
        try {
            path = Files.createTempDirectory("pg-bench-");
        } catch (IOException e) {
            throw new PgException(
                    "cannot create a temporary directory: " + e.getMessage()
                            + "; name another place with JDK_JAVA_OPTIONS=-Djava.io.tmpdir=DIR",
                    e);
        }
        onExit = new Thread(this::delete);
        Runtime.getRuntime().addShutdownHook(onExit);
    }

    Path path() {
        return path;
    }

    @Override
    public void close() {
        delete();
        try {
            Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException shuttingDown) {
            // Then the hook runs, and finds nothing left to delete.
        }
    }

    private void delete() {
        if (!Files.exists(path)) {
            return;
        }
        try {
            Files.walkFileTree(path, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                // On Ctrl-C, whoever writes here deletes his half-written file himself.
                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                    if (failure instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw failure;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
                    Files.deleteIfExists(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new PgException(path + ": cannot be deleted: " + e.getMessage() + "; delete it yourself", e);
        }
    }
}
