package dev.pg.kernels;

import dev.pg.core.Workers;

/**
 * Splits work over independent rows among a team. Every row is computed by one worker in the same way whatever the split, so
 * results do not depend on the number of threads.
 */
final class RowTasks {
    private RowTasks() {}

    /** Elements worth waking a worker for: 64 KB of floats, some microseconds of element-wise work. */
    private static final int ELEMENTS_PER_TASK = 16 * 1024;

    interface Range {
        /** Computes rows [from, to). */
        void run(int from, int to);
    }

    /** Too little work to split; callers then skip {@link #run} and with it the allocation of a lambda. */
    static boolean few(int rows, int cols) {
        return rows <= 1 || (long) rows * cols <= ELEMENTS_PER_TASK;
    }

    /** Runs {@code range} over [0, rows) in pieces of similar size, {@code cols} elements a row. */
    static void run(Workers team, int rows, int cols, Range range) {
        int tasks = (int) Math.min(rows, Math.ceilDiv((long) rows * cols, ELEMENTS_PER_TASK));
        int rowsPerTask = Math.ceilDiv(rows, tasks);
        team.run(Math.ceilDiv(rows, rowsPerTask), (index, worker) -> {
            int from = index * rowsPerTask;
            range.run(from, Math.min(rows, from + rowsPerTask));
        });
    }
}
