package dev.pg.core;

/**
 * An input that cannot be used: a broken file, a lying header, a wrong shape, a full disk. Its message is written for the
 * person at the keyboard and says what is wrong, where (file, tensor, byte offset) and what to do about it.
 */
public class PgException extends RuntimeException {
    /** @param message cause, place and cure, in one line */
    public PgException(String message) {
        super(message);
    }

    /**
     * @param message cause, place and cure, in one line
     * @param cause what the platform said
     */
    public PgException(String message, Throwable cause) {
        super(message, cause);
    }
}
