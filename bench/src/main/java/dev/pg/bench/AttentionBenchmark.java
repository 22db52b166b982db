package dev.pg.bench;

import dev.pg.core.Workers;
import dev.pg.kernels.Attention;
import dev.pg.kernels.Mask;
import dev.pg.kernels.Matrix;
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

/** Attention at the shapes of the vision tower (224, 448, 896 pixels), of prefill, and of one step of decoding; one thread. */
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
        VISION_224(256, 256, 16, 16, 72, 0),
        VISION_448(1024, 1024, 16, 16, 72, 0),
        VISION_896(4096, 4096, 16, 16, 72, 0),
        PREFILL_GEMMA1_2B(260, 260, 8, 1, 256, 0),
        PREFILL_GEMMA2_2B(260, 260, 8, 4, 256, 50),
        DECODE_GEMMA1_2B_300(1, 300, 8, 1, 256, 0),
        DECODE_GEMMA2_2B_300(1, 300, 8, 4, 256, 50),
        DECODE_GEMMA1_2B_4100(1, 4100, 8, 1, 256, 0),
        DECODE_GEMMA2_2B_4100(1, 4100, 8, 4, 256, 50);

        private final int queries;
        private final int keys;
        private final int heads;
        private final int kvHeads;
        private final int headDim;
        private final float softCap;

        Shape(int queries, int keys, int heads, int kvHeads, int headDim, float softCap) {
            this.queries = queries;
            this.keys = keys;
            this.heads = heads;
            this.kvHeads = kvHeads;
            this.headDim = headDim;
            this.softCap = softCap;
        }
    }

    @Param
    public Shape shape;

    private final Workers workers = new Workers(1);
    private final Attention attention = new Attention(workers);
    private Matrix q;
    private Matrix k;
    private Matrix v;
    private Matrix out;

    @Setup
    public void fill() {
        q = Operands.matrix(1, shape.queries, shape.heads * shape.headDim);
        k = Operands.matrix(2, shape.keys, shape.kvHeads * shape.headDim);
        v = Operands.matrix(3, shape.keys, shape.kvHeads * shape.headDim);
        out = new Matrix(shape.queries, shape.heads * shape.headDim);
    }

    @Benchmark
    public void attention() {
        long start = Probe.nanos();
        attention.apply(
                q,
                k,
                v,
                shape.heads,
                shape.kvHeads,
                shape.headDim,
                (float) Math.pow(shape.headDim, -0.5),
                shape.softCap,
                Mask.FULL,
                out);
        Roofline.count(
                4.0 * shape.queries * shape.keys * shape.heads * shape.headDim,
                2.0 * Float.BYTES * shape.keys * shape.kvHeads * shape.headDim,
                Probe.nanos() - start);
    }

    @TearDown
    public void stop() {
        workers.close();
    }
}
