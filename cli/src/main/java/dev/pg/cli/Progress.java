package dev.pg.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.PrintWriter;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.util.Locale;

/** A bar on standard error that says how far a long run is; nothing where that is no terminal. */
final class Progress implements AutoCloseable {
    private static final int STANDARD_OUTPUT = 1;
    private static final int STANDARD_ERROR = 2;
    private static final int WIDTH = 30;

    /** Lets the bar stand still for a quarter of a second, so that drawing it costs nothing. */
    private static final long INTERVAL = 250_000_000;

    private final PrintWriter err; // null: no bar
    private final boolean amongResults;
    private final int total;
    private final long start = System.nanoTime();
    private long drawn = start;
    private int done;
    private boolean visible;

    /**
     * @param err standard error, or null if nobody wants to see it
     * @param total steps that there are
     */
    Progress(PrintWriter err, int total) {
        this.err = err != null && isTerminal(STANDARD_ERROR) ? err : null;
        this.amongResults = this.err != null && isTerminal(STANDARD_OUTPUT);
        this.total = total;
    }

    /** One more step is done. */
    void step() {
        done++;
        long now = System.nanoTime();
        if (err != null && now - drawn >= INTERVAL) {
            drawn = now;
            err.print("\r" + bar(done, total, (now - start) / 1e9));
            err.flush();
            visible = true;
        }
    }

    /** {@code [=====     ] 512/1024, 31.5/s, 16 s left}. */
    static String bar(int done, int total, double seconds) {
        int filled = (int) ((long) WIDTH * done / Math.max(1, total));
        double rate = done / seconds;
        return String.format(
                Locale.ROOT,
                "[%s%s] %d/%d, %.1f/s, %.0f s left ",
                "=".repeat(filled),
                " ".repeat(WIDTH - filled),
                done,
                total,
                rate,
                (total - done) / rate);
    }

    /** Makes room for a message; the bar comes back in time. */
    void clear() {
        if (visible) {
            err.print("\r\u001b[K");
            err.flush();
            visible = false;
        }
    }

    /** The same for a result, if it goes to the terminal too. */
    void clearForResult() {
        if (amongResults) {
            clear();
        }
    }

    /** Takes the bar away. */
    @Override
    public void close() {
        clear();
    }

    /** Java's own console only tells whether input and output are a terminal. */
    @SuppressWarnings("restricted")
    private static boolean isTerminal(int descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find("isatty")
                .map(function -> linker.downcallHandle(function, FunctionDescriptor.of(JAVA_INT, JAVA_INT)))
                .map(isatty -> {
                    try {
                        return (int) isatty.invokeExact(descriptor) != 0;
                    } catch (Throwable e) {
                        throw new IllegalStateException(e);
                    }
                })
                .orElse(false);
    }
}
