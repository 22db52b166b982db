package dev.pg.bench;

import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Adds rates to a benchmark's results ({@code -prof dev.pg.bench.Roofline}): operations and bytes a second, and what part
 * that is of the {@link Probe}, taken before and after every iteration.
 *
 * <p>Rates are per processor time of the benchmark's thread, so they hold on a busy machine too, where JMH's own times do not.
 */
public final class Roofline implements InternalProfiler {
    private static final float[] DATA = new float[1 << 24]; // 64 MB: more than the caches hold

    private static double operations;
    private static double bytes;
    private static long nanos;

    private double peakBefore;
    private double readBefore;

    /** What a call of a single-threaded benchmark did, and the processor time that it took. */
    static void count(double callOperations, double callBytes, long callNanos) {
        operations += callOperations;
        bytes += callBytes;
        nanos += callNanos;
    }

    @Override
    public String getDescription() {
        return "operations and bytes per second of processor time, as a fraction of what this machine can do";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        peakBefore = Probe.gflops();
        readBefore = Probe.readGbps(DATA);
        operations = 0;
        bytes = 0;
        nanos = 0;
    }

    @Override
    public List<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double peak = (peakBefore + Probe.gflops()) / 2;
        double read = (readBefore + Probe.readGbps(DATA)) / 2;
        return List.of(
                rate("gflops", operations / nanos, "GFLOP/s"),
                rate("ofPeak", operations / nanos / peak, "of FMA peak"),
                rate("gbps", bytes / nanos, "GB/s"),
                rate("ofRead", bytes / nanos / read, "of memory read"));
    }

    private static ScalarResult rate(String name, double value, String unit) {
        return new ScalarResult(name, value, unit, AggregationPolicy.AVG);
    }
}
