package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.ThreadMXBean;
import dev.pg.core.DType;
import dev.pg.core.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The plain loops of matrix products, and the change to vectors; the other kernels are in {@link DeterminismTest}. */
class WarmUpTest {
    @BeforeEach
    void needsVectors() {
        assumeThat(VectorSupport.AVAILABLE).isTrue();
    }

    @AfterEach
    void useVectorsAgain() {
        WarmUp.setWarm(VectorSupport.AVAILABLE);
    }

    /** Numbers of inputs with and without a tail, with one piece and several, below and above 3072, see {@link FewRows#NARROW}. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F16", "BF16"})
    void plainProductsHaveTheBitsOfVectors(DType dtype) {
        RandomTensors random = new RandomTensors(11);
        try (Workers team = new Workers(2)) {
            MatMul matMul = new MatMul(team, Gemm.VECTOR);
            for (int inputs : new int[] {5, 16, 100, 700, 2304, 3072 + 21}) {
                Linear w = Linear.of(Weights.of(random.tensor(dtype, 29, inputs)), random.floats(29));
                for (int tokens : new int[] {1, 2, 7, 16, 17, 50}) {
                    Matrix x = random.window(tokens, inputs);
                    assertThat(product(matMul, x, w, false))
                            .as("%d tokens, %d inputs", tokens, inputs)
                            .isEqualTo(product(matMul, x, w, true));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void plainProductsOfQuantizedWeightsHaveTheBitsOfVectors(Quantization format) {
        RandomTensors random = new RandomTensors(13);
        try (Workers team = new Workers(2)) {
            MatMul matMul = new MatMul(team, Gemm.VECTOR);
            for (int inputs : new int[] {5, 16, 100, 1152}) {
                Weights exact = Weights.of(random.tensor(DType.F32, 70, inputs));
                Quantizer quantizer = Quantizer.fit(exact, format, team);
                Weights quantized = quantizer.encode(Arena.ofAuto().allocate(quantizer.bytes(), 64), team);
                Linear w = Linear.of(quantized, random.floats(70));
                for (int tokens : new int[] {1, 2, 7, 16, 17, 50}) {
                    Matrix x = random.window(tokens, inputs);
                    assertThat(product(matMul, x, w, false))
                            .as("%d tokens, %d inputs", tokens, inputs)
                            .isEqualTo(product(matMul, x, w, true));
                }
            }
        }
    }

    private static float[] product(MatMul matMul, Matrix x, Linear w, boolean warm) {
        WarmUp.setWarm(warm);
        Matrix y = new Matrix(x.rows(), w.rows());
        matMul.multiply(x, w, y);
        return y.toArray();
    }

    /** Nobody has called {@link WarmUp#start}. */
    @Test
    void aLargeProductStartsTheWarmUpAndWaitsForIt() throws IOException, InterruptedException {
        assertThat(printedByColdJvm("product")).isEqualTo("false true " + largeProduct());
    }

    @Test
    void theWarmUpGoesOnWhenItsWeightsAreClosed() throws IOException, InterruptedException {
        assertThat(printedByColdJvm("closed")).isEqualTo("true");
    }

    /** Of which there may be weights before the warm-up, or later. Vectors of a kernel that is not compiled are objects. */
    @Test
    void kernelsOfAFormatAreCompiled() throws IOException, InterruptedException {
        assertThat(printedByColdJvm("formats")).isEqualTo("true true");
    }

    /** Those that every bfloat16 model needs come last; a call of cold ones makes half a megabyte of objects. */
    @Test
    void finishWaitsForTheLastKernels() throws IOException, InterruptedException {
        assertThat(printedByColdJvm("rows")).isEqualTo("true");
    }

    /** What {@link #main} prints in a JVM of its own, as a model would have it. */
    private static String printedByColdJvm(String what) throws IOException, InterruptedException {
        Process cold = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-Dpg.vectorBits=" + 32 * VectorSupport.LANES,
                        "-cp",
                        System.getProperty("java.class.path"),
                        WarmUpTest.class.getName(),
                        what)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String output = new String(cold.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(cold.waitFor()).isZero();
        return output.strip();
    }

    public static void main(String[] args) {
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> System.out.println(thread + " " + failure));
        switch (args[0]) {
            case "product" -> {
                boolean before = WarmUp.vectors();
                int product = largeProduct();
                System.out.println(before + " " + WarmUp.vectors() + " " + product);
            }
            case "closed" -> {
                Arena model = Arena.ofShared();
                MemorySegment weights = model.allocate(1 << 20);
                model.close();
                WarmUp.start(weights);
                WarmUp.finish();
                System.out.println(WarmUp.vectors());
            }
            case "rows" -> {
                WarmUp.finish();
                List<Runnable> rows = new ColdKernels(new Workers(1), MemorySegment.NULL).rows();
                System.out.println(allocated(rows) < 1 << 14);
            }
            case "formats" -> {
                quantized(Quantization.Q8);
                WarmUp.finish();
                long few = allocated(quantized(Quantization.Q8));
                long many = allocated(quantized(Quantization.Q4));
                System.out.print(few < many / 2);
                WarmUp.finish();
                few = allocated(quantized(Quantization.Q4));
                System.out.println(" " + (few < many / 2));
            }
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static List<Runnable> quantized(Quantization format) {
        return new ColdKernels(new Workers(1), MemorySegment.NULL).quantized(format);
    }

    /** Bytes of objects that the kernels make. */
    private static long allocated(List<Runnable> kernels) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (Runnable kernel : kernels) {
            kernel.run();
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    private static int largeProduct() {
        RandomTensors random = new RandomTensors(12);
        Linear w = Linear.of(Weights.of(random.tensor(DType.BF16, 640, 700)), null);
        Matrix x = random.window(320, 700);
        Matrix y = new Matrix(320, 640);
        try (Workers team = new Workers(2)) {
            new MatMul(team, Gemm.VECTOR).multiply(x, w, y);
        }
        return Arrays.hashCode(y.toArray());
    }
}
