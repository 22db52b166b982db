package dev.pg.bench;

import dev.pg.core.Workers;
import dev.pg.model.ModelOptions.WeightMemory;
import java.util.List;
import java.util.stream.DoubleStream;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Adds rates to a benchmark's results ({@code -prof dev.pg.bench.Roofline}): operations and bytes a second, and what part that is of what this machine does at
 * most, as {@link MachineProbe} sees it before and after every iteration: with as many threads as the benchmark's parameter {@code threads} says, one
 * without, and from memory of the kind that {@code weights} names, mapped without.
 *
 * <p>A rate is the median of an iteration's calls in wall time: of what others do to a machine for less than half of the time it shows nothing.
 */
public final class Roofline implements InternalProfiler {
    // Of each call of an iteration, in 10^9 a second.
    private static DoubleStream.Builder operations;
    private static DoubleStream.Builder bytes;

    private MachineProbe probe; // until the JVM ends, when its directory deletes itself
    private Limit before;

    /** What a call of a benchmark did with all its threads since {@code start}, which is {@link System#nanoTime}. */
    static void count(double callOperations, double callBytes, long start) {
        double nanos = System.nanoTime() - start;
        operations.add(callOperations / nanos);
        bytes.add(callBytes / nanos);
    }

    @Override
    public String getDescription() {
        return "operations and bytes per second, as a fraction of what this machine can do";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        before = look(benchmark);
        operations = DoubleStream.builder();
        bytes = DoubleStream.builder();
    }

    @Override
    public List<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        Limit after = look(benchmark);
        double gflops = median(operations);
        double gbps = median(bytes);
        return List.of(
                rate("gflops", gflops, "GFLOP/s"),
                rate("ofPeak", 2 * gflops / (before.gflops() + after.gflops()), "of FMA peak"),
                rate("gbps", gbps, "GB/s"),
                rate("ofRead", 2 * gbps / (before.gbps() + after.gbps()), "of memory read"));
    }

    private Limit look(BenchmarkParams benchmark) {
        if (probe == null) {
            probe = new MachineProbe(MachineProbe.MEMORY_BYTES);
        }
        String threads = benchmark.getParam("threads");
        String weights = benchmark.getParam("weights");
        WeightMemory memory = weights == null ? WeightMemory.MAPPED : WeightMemory.valueOf(weights);
        try (Workers team = new Workers(threads == null ? 1 : Integer.parseInt(threads))) {
            return probe.limit(team, memory);
        }
    }

    private static double median(DoubleStream.Builder rates) {
        return Sample.of(rates.build().toArray()).median();
    }

    private static ScalarResult rate(String name, double value, String unit) {
        return new ScalarResult(name, value, unit, AggregationPolicy.AVG);
    }
}
