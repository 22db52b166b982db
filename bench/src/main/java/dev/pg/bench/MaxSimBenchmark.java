package dev.pg.bench;

import dev.pg.core.DType;
import dev.pg.core.Workers;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.MaxSim;
import dev.pg.kernels.PageVectors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Late interaction of one query with the pages of a collection, 1,030 vectors of 128 components a page. With {@link Roofline} read
 * {@code ofPeak} and {@code ofRead}, of which the larger binds.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Dpg.vector=always"
        })
public class MaxSimBenchmark {
    private static final int DIM = 128;
    private static final int VECTORS = 1030;

    /** Different pages in memory, more than the caches hold; a larger collection passes over them several times. */
    private static final int DISTINCT = 1000;

    @Param({"F32", "F16", "I8"})
    DType dtype;

    @Param("20")
    int tokens;

    @Param("10000")
    int pages;

    @Param("1")
    int threads;

    private Workers workers;
    private MaxSim maxSim;
    private Matrix query;
    private List<PageVectors> collection;

    /** Makes the pages. */
    @Setup
    public void open() {
        workers = new Workers(threads);
        maxSim = new MaxSim(workers);
        SplittableRandom random = new SplittableRandom(1);
        query = matrix(random, tokens);
        List<PageVectors> distinct = new ArrayList<>();
        for (int i = 0; i < Math.min(pages, DISTINCT); i++) {
            distinct.add(PageVectors.of(matrix(random, VECTORS), dtype));
        }
        collection = new ArrayList<>();
        while (collection.size() < pages) {
            collection.addAll(distinct);
        }
        collection = Collections.unmodifiableList(collection.subList(0, pages));
    }

    private static Matrix matrix(SplittableRandom random, int rows) {
        Matrix out = new Matrix(rows, DIM);
        for (int i = 0; i < out.data().length; i++) {
            out.data()[i] = (float) random.nextDouble(-0.1, 0.1);
        }
        return out;
    }

    @TearDown
    public void close() {
        workers.close();
    }

    @Benchmark
    public float[] score() {
        long start = System.nanoTime();
        float[] scores = maxSim.scores(query, collection);
        double bytes = collection.stream().mapToLong(PageVectors::bytes).sum();
        Roofline.count(2.0 * tokens * VECTORS * DIM * pages, bytes, start);
        return scores;
    }
}
