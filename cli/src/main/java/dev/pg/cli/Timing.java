package dev.pg.cli;

import java.util.Locale;

/** Times as people read them. */
final class Timing {
    private Timing() {}

    /** The time since {@code System.nanoTime()} was {@code start}. */
    static String since(long start) {
        return seconds((System.nanoTime() - start) / 1e9);
    }

    /** {@code 0.12 s}. */
    static String seconds(double seconds) {
        return String.format(Locale.ROOT, "%.2f s", seconds);
    }
}
