package dev.pg.bench;

import dev.pg.core.Workers;
import dev.pg.kernels.GeGlu;
import dev.pg.kernels.Gelu;
import dev.pg.kernels.LayerNorm;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Residual;
import dev.pg.kernels.RmsNorm;
import dev.pg.kernels.Rope;
import dev.pg.kernels.SoftCap;
import dev.pg.kernels.Softmax;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Element-wise work at the shapes of PaliGemma 2 3B at 224 pixels, one thread: what one layer (of 27, of 26) or one token costs.
 * In-place operations work on what the call before left behind, except GELU, which would end in denormal numbers: its operand
 * is copied anew, which the figure includes.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Dpg.vector=always"})
@State(Scope.Thread)
public class ElementwiseBenchmark {
    private static final float EPS = 1e-6f;

    private final Workers workers = new Workers(1);
    private final float[] weight = Operands.normal(1, 1152);
    private final float[] rmsWeight = Operands.normal(2, 2304);
    private final Matrix vision = Operands.matrix(3, 256, 1152);
    private final Matrix visionOut = new Matrix(256, 1152);
    private final Matrix visionHidden = Operands.matrix(4, 256, 4304);
    private final Matrix visionActivated = new Matrix(256, 4304);
    private final Matrix text = Operands.matrix(5, 260, 2304);
    private final Matrix textOut = new Matrix(260, 2304);
    private final Matrix gateUp = Operands.matrix(6, 260, 2 * 9216);
    private final Matrix gated = new Matrix(260, 9216);
    private final Matrix queries = Operands.matrix(7, 260, 2048);
    private final float[] logits = Operands.normal(8, 257_216);
    private final Rope rope = new Rope(256, 10_000);

    @Benchmark
    public void layerNorm256x1152() {
        LayerNorm.apply(workers, vision, weight, weight, EPS, visionOut);
    }

    @Benchmark
    public void gelu256x4304() {
        System.arraycopy(visionHidden.data(), 0, visionActivated.data(), 0, visionHidden.data().length);
        Gelu.apply(workers, visionActivated);
    }

    @Benchmark
    public void rmsNorm260x2304() {
        RmsNorm.apply(workers, text, rmsWeight, EPS, textOut);
    }

    @Benchmark
    public void geGlu260x9216() {
        GeGlu.apply(workers, gateUp, gated);
    }

    @Benchmark
    public void rope260x2048() {
        rope.apply(workers, queries, 8, 1);
    }

    @Benchmark
    public void residual260x2304() {
        Residual.add(workers, textOut, text);
    }

    @Benchmark
    public void softCapVocabulary() {
        SoftCap.apply(logits, 0, logits.length, 30);
    }

    @Benchmark
    public void softmaxVocabulary() {
        Softmax.apply(logits, 0, logits.length);
    }

    @TearDown
    public void stop() {
        workers.close();
    }
}
