package dev.pg.cli;

import dev.pg.core.PgException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** A command that failed: one line that names cause, place and cure; the stack trace only with {@code --verbose}. */
final class Failure implements IExecutionExceptionHandler {
    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        command.getErr().println("pg: " + message(failure));
        if (command.getParseResult().hasMatchedOption("--verbose")) {
            failure.printStackTrace(command.getErr());
        }
        command.getErr().flush();
        return ExitCode.SOFTWARE;
    }

    /** What {@code failure} means to the person at the keyboard. */
    static String message(Throwable failure) {
        return switch (failure) {
            case PgException known -> known.getMessage();
            case OutOfMemoryError full ->
                "out of memory (" + full.getMessage()
                        + "); give Java more with JDK_JAVA_OPTIONS=-Xmx4g, or give it smaller pictures";
            default -> "internal error: " + failure + "; please report it, with what --verbose prints";
        };
    }
}
