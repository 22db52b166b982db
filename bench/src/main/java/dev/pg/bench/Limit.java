package dev.pg.bench;

import java.util.List;

/**
 * The roofline over one team of threads: no work takes less time than its operations at the peak rate, nor than its bytes at the
 * memory's.
 *
 * @param gflops peak of fused multiply-adds
 * @param gbps read bandwidth of the memory that the weights are in
 * @see <a href="https://doi.org/10.1145/1498765.1498785">Williams, Waterman, Patterson: Roofline, CACM 52(4), 2009</a>
 */
record Limit(double gflops, double gbps) {
    /** What the same team was seen to be able to do in the middle of some looks, at least one: each rate by itself. */
    static Limit median(List<Limit> looks) {
        return new Limit(
                Sample.of(looks.stream().mapToDouble(Limit::gflops).toArray()).median(),
                Sample.of(looks.stream().mapToDouble(Limit::gbps).toArray()).median());
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
