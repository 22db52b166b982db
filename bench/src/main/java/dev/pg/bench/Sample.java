package dev.pg.bench;

import java.util.Arrays;

/**
 * Times of something that ran several times.
 *
 * @param median seconds
 * @param spread distance from the fastest to the slowest, as a fraction of the median
 */
record Sample(double median, double spread) {
    /** Shorter than this, the clock and the scheduler would show. */
    private static final double ENOUGH_SECONDS = 0.02;

    private static final double WARM_SECONDS = 0.5;

    /** Summary of some durations in seconds, at least one. */
    static Sample of(double... seconds) {
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
        return new Sample(median, (sorted[n - 1] - sorted[0]) / median);
    }

    /** Runs {@code work} until it is warm, at least once, then {@code runs} times; what is short is repeated within a run. */
    static Sample of(int runs, Runnable work) {
        double once;
        double warm = 0;
        do {
            once = seconds(1, work);
            warm += once;
        } while (warm < WARM_SECONDS);
        return of(runs, (int) Math.ceil(ENOUGH_SECONDS / once), work);
    }

    /** Runs {@code work} {@code runs} times, each of them {@code repetitions} in a row; the times are those of one. */
    static Sample of(int runs, int repetitions, Runnable work) {
        double[] seconds = new double[runs];
        for (int run = 0; run < runs; run++) {
            seconds[run] = seconds(repetitions, work) / repetitions;
        }
        return of(seconds);
    }

    /** Duration of {@code repetitions} of {@code work}. */
    static double seconds(int repetitions, Runnable work) {
        long start = System.nanoTime();
        for (int i = 0; i < repetitions; i++) {
            work.run();
        }
        return (System.nanoTime() - start) / 1e9;
    }
}
