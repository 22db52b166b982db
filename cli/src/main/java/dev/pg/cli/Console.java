package dev.pg.cli;

import dev.pg.model.Embedder;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;
import tools.jackson.databind.JsonNode;

/** Where a command writes: its results to standard output, everything about the run to standard error. */
final class Console {
    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--json", description = "Write JSON Lines: one object per result.")
    private boolean json;

    @Option(
            names = {"-q", "--quiet"},
            description = "Nothing on stderr but errors.")
    private boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            description = "More on stderr, stack traces of errors included.")
    private boolean verbose;

    private Progress bar = new Progress(null, 0);

    boolean json() {
        return json;
    }

    /** Prints one line of result. */
    void result(String line) {
        bar.clearForResult();
        out().println(line);
        flush();
    }

    /** Prints one JSON object, array or string as a line. */
    void result(JsonNode value) {
        result(value.toString());
    }

    /** Prints a part of a result at once, without a line break. */
    void part(String text) {
        if (!text.isEmpty()) {
            out().print(text);
            flush();
        }
    }

    /** Asks for input, on standard error. */
    void prompt(String text) {
        err().print(text);
        err().flush();
    }

    /** Says something about the run, unless {@code --quiet}. */
    void note(String line) {
        if (!quiet) {
            warn(line);
        }
    }

    /** Says something that only {@code --verbose} wants to know. */
    void detail(String line) {
        if (verbose) {
            warn(line);
        }
    }

    /** A bar that says how far a run of {@code total} steps is, unless {@code --quiet}. */
    Progress progress(int total) {
        bar = new Progress(quiet || total < 2 ? null : err(), total);
        return bar;
    }

    /** Says, once for all, that texts are longer than what a model reads. */
    void noteCut(Embedder model, List<String> texts) {
        long cut = texts.stream().filter(text -> model.droppedTokens(text) > 0).count();
        if (cut > 0) {
            note(cut + (cut == 1 ? " text is" : " texts are") + " longer than the model reads; the rest was cut off");
        }
    }

    /** Reports a failure that does not end the run. */
    void failure(String place, Throwable failure) {
        String message = Failure.message(failure);
        warn(message.contains(place) ? message : place + ": " + message);
        if (verbose) {
            failure.printStackTrace(err());
            err().flush();
        }
    }

    private void warn(String line) {
        bar.clear();
        err().println("pg: " + line);
        err().flush();
    }

    private PrintWriter out() {
        return command.commandLine().getOut();
    }

    private PrintWriter err() {
        return command.commandLine().getErr();
    }

    /** Whoever reads our results may have gone, or the disk may be full; then there is no use in going on. */
    private void flush() {
        if (out().checkError()) {
            throw new OutputClosed();
        }
    }
}
