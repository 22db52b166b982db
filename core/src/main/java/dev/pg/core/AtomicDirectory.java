package dev.pg.core;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes a directory of files completely or not at all: they are made in a temporary directory beside it, which takes the final name in
 * one step. On an error, and on Ctrl-C, the temporary directory is deleted; what a killed process left is deleted when the same directory
 * is written again.
 */
public final class AtomicDirectory {
    private AtomicDirectory() {}

    /** Writes the files of a directory. */
    @FunctionalInterface
    public interface Content {
        /** Writes everything into {@code directory}, which is empty. */
        void write(Path directory) throws IOException;
    }

    /**
     * Creates {@code directory}.
     *
     * @param directory must not exist, or be empty
     * @throws PgException if it holds something already, or cannot be written
     */
    public static void write(Path directory, Content content) {
        Path target = directory.toAbsolutePath().normalize();
        Path parent = target.getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new PgException(directory + ": the directory " + parent + " does not exist; create it first");
        }
        String prefix = ".pg-" + target.getFileName() + "-";
        Path temporary = parent.resolve(prefix + ProcessHandle.current().pid() + "-" + UUID.randomUUID() + ".tmp");
        Thread onExit = new Thread(() -> deleteQuietly(temporary));
        Runtime.getRuntime().addShutdownHook(onExit);
        try {
            checkFree(directory, target);
            deleteAbandoned(parent, prefix);
            Files.createDirectory(temporary);
            content.write(temporary);
            Files.deleteIfExists(target);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw PgException.cannotWrite(directory, e);
        } finally {
            deleteQuietly(temporary);
            unregister(onExit);
        }
    }

    private static void checkFree(Path directory, Path target) throws IOException {
        if (!Files.exists(target)) {
            return;
        }
        if (!Files.isDirectory(target)) {
            throw new PgException(directory + ": is a file; give the name of a new directory");
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(target)) {
            if (entries.iterator().hasNext()) {
                throw new PgException(directory + ": is not empty; give the name of a new directory");
            }
        }
    }

    /** Deletes the temporary directories of processes that are no more. */
    private static void deleteAbandoned(Path parent, String prefix) throws IOException {
        Pattern name = Pattern.compile(Pattern.quote(prefix) + "(\\d{1,18})-[-0-9a-f]{36}\\.tmp");
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent, Files::isDirectory)) {
            for (Path entry : entries) {
                Matcher matcher = name.matcher(entry.getFileName().toString());
                if (matcher.matches()
                        && ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty()) {
                    deleteQuietly(entry);
                }
            }
        }
    }

    private static void unregister(Thread onExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException shuttingDown) {
            // Then the hook runs, and finds nothing left to delete.
        }
    }

    /** What cannot be deleted stays: the error that led here is the one to report. */
    private static void deleteQuietly(Path temporary) {
        if (!Files.exists(temporary)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(temporary)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(temporary);
        } catch (IOException | UncheckedIOException stays) {
            temporary.toFile().deleteOnExit();
        }
    }
}
