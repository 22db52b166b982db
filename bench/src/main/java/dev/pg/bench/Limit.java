package dev.pg.bench;

import dev.pg.model.ModelOptions.WeightMemory;

/**
 * The roofline over one team of threads: no work takes less time than its operations at the peak rate, nor than its bytes at the
 * memory's.
 *
 * @param gflops peak of fused multiply-adds
 * @param gbps read bandwidth of the memory that the weights are in
 * @see <a href="https://doi.org/10.1145/1498765.1498785">Williams, Waterman, Patterson: Roofline, CACM 52(4), 2009</a>
 */
record Limit(double gflops, double gbps) {
    static Limit of(Machine machine, int threads, WeightMemory weights) {
        double gbps = switch (weights) {
            case MAPPED -> machine.mappedGbps().get(threads);
            case RESIDENT -> machine.hugeGbps().get(threads);
        };
        return new Limit(machine.fmaGflops().get(threads), gbps);
    }

    /** Least seconds that {@code work} takes. */
    double seconds(Work work) {
        return Math.max(work.flops() / gflops, work.bytes() / gbps) / 1e9;
    }

    /** Whether arithmetic, and not memory, is what holds {@code work} up. */
    boolean isArithmetic(Work work) {
        return work.flops() / gflops >= work.bytes() / gbps;
    }
}
