package dev.pg.bench;

import java.util.Arrays;

/**
 * Times of something that ran several times.
 *
 * @param median seconds
 * @param spread distance from the fastest to the slowest, as a fraction of the median
 */
record Sample(double median, double spread) {
    /** Summary of some durations in seconds, at least one. */
    static Sample of(double... seconds) {
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
        return new Sample(median, (sorted[n - 1] - sorted[0]) / median);
    }
}
