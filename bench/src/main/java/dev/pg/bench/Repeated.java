package dev.pg.bench;

/**
 * Work that one run of a measurement repeats.
 *
 * @param times how often in a row, at least 1
 * @param work that is to be timed
 */
record Repeated(int times, Runnable work) {
    /** Shorter than this, the clock and the scheduler would show. */
    private static final double ENOUGH_SECONDS = 0.02;

    private static final double WARM_SECONDS = 0.5;

    /** Runs {@code work} until it is warm, at least once; what is short will be repeated. */
    static Repeated warm(Runnable work) {
        double once;
        double warm = 0;
        do {
            once = seconds(1, work);
            warm += once;
        } while (warm < WARM_SECONDS);
        return new Repeated((int) Math.ceil(ENOUGH_SECONDS / once), work);
    }

    /** Duration of one, over a run. */
    double seconds() {
        return seconds(times, work) / times;
    }

    /** Times {@code runs} runs, one after the other. */
    Sample sample(int runs) {
        double[] seconds = new double[runs];
        for (int run = 0; run < runs; run++) {
            seconds[run] = seconds();
        }
        return Sample.of(seconds);
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
