package dev.pg.core;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * An input that cannot be used: a broken file, a lying header, a wrong shape, a full disk. Its message is written for the
 * person at the keyboard and says what is wrong, where (file, tensor, byte offset) and what to do about it. It is one line
 * of bounded length, whatever names an untrusted file puts into it.
 */
public class PgException extends RuntimeException {
    private static final int MAX_LENGTH = 2000;

    /** @param message cause, place and cure, in one line */
    public PgException(String message) {
        super(oneLine(message));
    }

    /**
     * @param message cause, place and cure, in one line
     * @param cause what the platform said
     */
    public PgException(String message, Throwable cause) {
        super(oneLine(message), cause);
    }

    /** For a file whose reading failed with {@code cause}. */
    public static PgException cannotRead(Path file, IOException cause) {
        return new PgException(file + ": cannot be read: " + reason(cause), cause);
    }

    /** For a file whose writing failed with {@code cause}. */
    public static PgException cannotWrite(Path file, IOException cause) {
        return new PgException(file + ": cannot be written: " + reason(cause), cause);
    }

    // The message of a FileSystemException is often nothing but the file's name.
    private static String reason(IOException cause) {
        return switch (cause) {
            case NoSuchFileException missing -> "no such file or directory: " + missing.getFile();
            case AccessDeniedException denied -> "permission denied: " + denied.getFile();
            case FileSystemException e when e.getReason() != null -> e.getReason();
            default -> cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        };
    }

    private static String oneLine(String message) {
        String shown = message.length() <= MAX_LENGTH ? message : message.substring(0, MAX_LENGTH) + "...";
        return shown.replaceAll("\\p{Cntrl}", "\uFFFD");
    }
}
