package dev.pg.bench;

import dev.pg.core.Workers;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Adds rates to a benchmark's results ({@code -prof dev.pg.bench.Roofline}): operations and bytes a second, and what part
 * that is of the {@link Probe}, taken before and after every iteration by as many threads at once as the benchmark's parameter {@code threads} says.
 *
 * <p>Rates are of the whole team, per processor time of the benchmark's thread, which works along: they hold on a busy machine too, where JMH's own
 * times do not.
 */
public final class Roofline implements InternalProfiler {
    private static final int FLOATS = 1 << 24; // 64 MB a thread: more than the caches hold

    private static double operations;
    private static double bytes;
    private static long nanos;

    private double peakBefore;
    private double readBefore;

    private float[][] data = new float[0][]; // of each thread

    /** What a call of a benchmark did with all its threads, and the processor time that it took its own. */
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
        String threads = benchmark.getParam("threads");
        int team = threads == null ? 1 : Integer.parseInt(threads);
        if (data.length != team) {
            data = new float[team][FLOATS];
        }
        peakBefore = together(_ -> Probe.gflops());
        readBefore = together(Probe::readGbps);
        operations = 0;
        bytes = 0;
        nanos = 0;
    }

    @Override
    public List<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double peak = (peakBefore + together(_ -> Probe.gflops())) / 2;
        double read = (readBefore + together(Probe::readGbps)) / 2;
        return List.of(
                rate("gflops", operations / nanos, "GFLOP/s"),
                rate("ofPeak", operations / nanos / peak, "of FMA peak"),
                rate("gbps", bytes / nanos, "GB/s"),
                rate("ofRead", bytes / nanos / read, "of memory read"));
    }

    /** What threads that probe at the same time, each in memory of its own, reach in sum. */
    private double together(ToDoubleFunction<float[]> probe) {
        double[] rates = new double[data.length];
        try (Workers team = new Workers(data.length)) {
            team.run(data.length, (index, worker) -> rates[index] = probe.applyAsDouble(data[index]));
        }
        return Arrays.stream(rates).sum();
    }

    private static ScalarResult rate(String name, double value, String unit) {
        return new ScalarResult(name, value, unit, AggregationPolicy.AVG);
    }
}
