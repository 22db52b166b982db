package dev.pg.bench;

import dev.pg.core.DType;
import dev.pg.core.HugePages;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import dev.pg.kernels.Gemm;
import dev.pg.kernels.Linear;
import dev.pg.kernels.MatMul;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Quantization;
import dev.pg.kernels.Quantizer;
import dev.pg.kernels.Weights;
import dev.pg.model.ModelOptions.WeightMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
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
 * y = x·Wᵀ at the shapes of SigLIP So400m (1152, 4304), Gemma 2B (2048, 16384) and Gemma 2 2B (2304, 9216). With {@link Roofline} read
 * {@code ofPeak} for many rows and {@code ofRead} for few.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Dpg.vector=always",
            "-XX:PerMethodRecompilationCutoff=10000" // as pg
        })
public class MatMulBenchmark {
    /** Weights in turn, so that no product finds its own in a cache: as in a model, where a layer comes by once per pass. */
    private static final long BYTES = 200L << 20;

    @Param({"VECTOR", "OPENBLAS", "SCALAR"})
    Gemm gemm;

    @Param({"BF16", "F32", "F16", "Q8", "Q4"})
    String dtype;

    /** Resident ones lie in huge pages, and those in bfloat16 are rearranged for few rows. */
    @Param("MAPPED")
    WeightMemory weights;

    @Param({"1", "8", "256"})
    int rows;

    /** Outputs x inputs. */
    @Param({"1152x1152", "4304x1152", "1152x4304", "2048x2048", "16384x2048", "2048x16384", "9216x2304", "2304x9216"})
    String shape;

    @Param("1")
    int threads;

    private Arena arena;
    private SegmentAllocator memory;
    private Workers workers;
    private MatMul matMul;
    private Linear[] layers;
    private int next;
    private Matrix x;
    private Matrix y;

    /** Makes weights and activations of about the size that real ones have. */
    @Setup
    public void open() {
        int cross = shape.indexOf('x');
        int outputs = Integer.parseInt(shape.substring(0, cross));
        int inputs = Integer.parseInt(shape.substring(cross + 1));
        SplittableRandom random = new SplittableRandom(1);
        arena = Arena.ofShared();
        memory = weights == WeightMemory.RESIDENT ? (bytes, _) -> HugePages.allocate(arena, bytes) : arena;
        workers = new Workers(threads);
        matMul = new MatMul(workers, Gemm.parse(gemm.name()));
        List<Linear> all = new ArrayList<>();
        for (long bytes = 0; bytes < BYTES; bytes += all.getLast().bytes()) {
            Weights matrix = dtype.startsWith("Q")
                    ? quantized(Quantization.parse(dtype), floats(DType.BF16, outputs, inputs, random))
                    : floats(DType.valueOf(dtype), outputs, inputs, random);
            all.add(Linear.of(matrix, null));
        }
        layers = all.toArray(Linear[]::new);
        x = new Matrix(rows, inputs);
        y = new Matrix(rows, outputs);
        for (int i = 0; i < x.data().length; i++) {
            x.data()[i] = (float) random.nextDouble(-1, 1);
        }
    }

    private Weights floats(DType type, int outputs, int inputs, SplittableRandom random) {
        Tensor tensor = Operands.weights(memory, type, outputs, inputs, random);
        return weights == WeightMemory.RESIDENT ? Weights.packed(tensor, workers) : Weights.of(tensor);
    }

    private Weights quantized(Quantization format, Weights source) {
        Quantizer quantizer = Quantizer.fit(source, format, workers);
        return quantizer.encode(memory.allocate(quantizer.bytes(), 64), workers);
    }

    @TearDown
    public void close() {
        workers.close();
        arena.close();
    }

    @Benchmark
    public Matrix multiply() {
        Linear layer = layers[next];
        next = (next + 1) % layers.length;
        long start = System.nanoTime();
        matMul.multiply(x, layer, y);
        Roofline.count(2.0 * rows * layer.rows() * layer.cols(), (double) layer.bytes(), start);
        return y;
    }
}
