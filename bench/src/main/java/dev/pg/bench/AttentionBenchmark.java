package dev.pg.bench;

import dev.pg.core.Workers;
import dev.pg.kernels.Attention;
import dev.pg.kernels.Mask;
import dev.pg.kernels.Matrix;
import java.util.Arrays;
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
 * Attention at the shapes of the vision tower (224, 448, 896 pixels), of prefill, and of one step of decoding, of one sequence and of
 * eight; one thread. Decoding finds keys and values in memory, as in a model, whose layers take turns.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Dpg.vector=always"})
@State(Scope.Thread)
public class AttentionBenchmark {
    /** Real shapes. */
    public enum Shape {
        VISION_224(1, 256, 256, 16, 16, 72, 0),
        VISION_448(1, 1024, 1024, 16, 16, 72, 0),
        VISION_896(1, 4096, 4096, 16, 16, 72, 0),
        PREFILL_GEMMA1_2B(1, 260, 260, 8, 1, 256, 0),
        PREFILL_GEMMA2_2B(1, 260, 260, 8, 4, 256, 50),
        DECODE_GEMMA1_2B_300(1, 1, 300, 8, 1, 256, 0),
        DECODE_GEMMA2_2B_300(1, 1, 300, 8, 4, 256, 50),
        DECODE_GEMMA1_2B_4100(1, 1, 4100, 8, 1, 256, 0),
        DECODE_GEMMA2_2B_4100(1, 1, 4100, 8, 4, 256, 50),
        DECODE_EIGHT_GEMMA2_2B_260(8, 1, 260, 8, 4, 256, 50),
        DECODE_EIGHT_GEMMA2_2B_516(8, 1, 516, 8, 4, 256, 50);

        private final int sequences;
        private final int queries;
        private final int keys;
        private final int heads;
        private final int kvHeads;
        private final int headDim;
        private final float softCap;

        Shape(int sequences, int queries, int keys, int heads, int kvHeads, int headDim, float softCap) {
            this.sequences = sequences;
            this.queries = queries;
            this.keys = keys;
            this.heads = heads;
            this.kvHeads = kvHeads;
            this.headDim = headDim;
            this.softCap = softCap;
        }
    }

    /** More than any cache holds. */
    private static final long FROM_MEMORY = 256L << 20;

    @Param
    public Shape shape;

    private final Workers workers = new Workers(1);
    private final Attention attention = new Attention(workers);
    private Matrix[] q;
    private Matrix[][] k; // [layer][sequence]
    private Matrix[][] v;
    private Mask[] masks;
    private Matrix[] out;
    private int layer;

    @Setup
    public void fill() {
        long cacheBytes = 2L * Float.BYTES * shape.sequences * shape.keys * shape.kvHeads * shape.headDim;
        int layers = shape.queries == 1 ? Math.toIntExact(Math.ceilDiv(FROM_MEMORY, cacheBytes)) : 1;
        q = matrices(shape.queries, shape.heads);
        out = matrices(shape.queries, shape.heads);
        k = new Matrix[layers][];
        v = new Matrix[layers][];
        Arrays.setAll(k, i -> matrices(shape.keys, shape.kvHeads));
        Arrays.setAll(v, i -> matrices(shape.keys, shape.kvHeads));
        masks = new Mask[shape.sequences];
        Arrays.fill(masks, Mask.FULL);
    }

    private Matrix[] matrices(int rows, int heads) {
        Matrix[] matrices = new Matrix[shape.sequences];
        Arrays.setAll(matrices, i -> Operands.matrix(i, rows, heads * shape.headDim));
        return matrices;
    }

    @Benchmark
    public void attention() {
        layer = (layer + 1) % k.length;
        long start = System.nanoTime();
        attention.apply(
                q,
                k[layer],
                v[layer],
                shape.heads,
                shape.kvHeads,
                shape.headDim,
                (float) Math.pow(shape.headDim, -0.5),
                shape.softCap,
                masks,
                out);
        Roofline.count(
                4.0 * shape.sequences * shape.queries * shape.keys * shape.heads * shape.headDim,
                2.0 * Float.BYTES * shape.sequences * shape.keys * shape.kvHeads * shape.headDim,
                start);
    }

    @TearDown
    public void stop() {
        workers.close();
    }
}
