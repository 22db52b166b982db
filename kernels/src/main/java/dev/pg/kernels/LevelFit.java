package dev.pg.kernels;

import java.util.Arrays;

/**
 * Finds the levels of a matrix: {@link Quantization#LEVELS} numbers of which the scales of all groups are taken. A scale takes the next
 * level that is not smaller, and the squared error of a group grows with the square of its scale, so the levels are those that make the
 * sum of squares of all scales least, found by dynamic programming over a histogram. Levels that nothing needs are 0.
 *
 * <p>Not thread-safe; {@link #add(LevelFit)} joins the counts of several threads.
 */
final class LevelFit {
    /** Bins of an octave: 32. */
    private static final int SHIFT = 18;

    /** Octaves below the largest scale that are told apart: smaller scales matter little to the error of the matrix. */
    private static final int OCTAVES = 10;

    private final long[] counts = new long[1 << (Integer.SIZE - 1 - SHIFT)];
    private float largest;

    /** Counts a scale, which must be finite and not below 0. */
    void add(float scale) {
        if (scale > 0) {
            counts[bin(scale)]++;
            largest = Math.max(largest, scale);
        }
    }

    /** Adds the counts of another fit. */
    void add(LevelFit other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        largest = Math.max(largest, other.largest);
    }

    private static int bin(float scale) {
        return Float.floatToRawIntBits(scale) >>> SHIFT;
    }

    /** The levels, ascending. */
    float[] levels() {
        int last = bin(largest);
        int first = Math.max(0, last - (OCTAVES << (23 - SHIFT)));
        int bins = last - first + 1;
        double[] squares = new double[bins]; // of the upper edge of each bin
        double[] below = new double[bins + 1]; // scales in the bins before
        below[1] = Arrays.stream(counts, 0, first + 1).sum();
        for (int i = 0; i < bins; i++) {
            float edge = edge(first + i);
            squares[i] = (double) edge * edge;
            if (i > 0) {
                below[i + 1] = below[i] + counts[first + i];
            }
        }
        int[][] cuts = cuts(squares, below);
        float[] levels = new float[Quantization.LEVELS];
        int end = bins;
        for (int level = levels.length - 1; level >= 0; level--) {
            levels[level] = end == 0 ? 0 : edge(first + end - 1);
            end = cuts[level][end];
        }
        return levels;
    }

    /** What a bin's scales are rounded up to. */
    private float edge(int bin) {
        return Math.min(largest, Float.intBitsToFloat((bin + 1) << SHIFT));
    }

    /** cuts[level][end]: where the bins of {@code level} best begin if they end before {@code end}. */
    private static int[][] cuts(double[] squares, double[] below) {
        int bins = squares.length;
        int[][] cuts = new int[Quantization.LEVELS][bins + 1];
        double[] before = new double[bins + 1];
        Arrays.fill(before, 1, bins + 1, Double.POSITIVE_INFINITY);
        for (int level = 0; level < Quantization.LEVELS; level++) {
            double[] least = new double[bins + 1];
            for (int end = 1; end <= bins; end++) {
                least[end] = Double.POSITIVE_INFINITY;
                for (int begin = 0; begin < end; begin++) {
                    double cost = before[begin] + (below[end] - below[begin]) * squares[end - 1];
                    if (cost < least[end]) {
                        least[end] = cost;
                        cuts[level][end] = begin;
                    }
                }
            }
            before = least;
        }
        return cuts;
    }
}
