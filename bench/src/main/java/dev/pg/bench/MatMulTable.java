package dev.pg.bench;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Workers;
import dev.pg.kernels.Gemm;
import dev.pg.kernels.Linear;
import dev.pg.kernels.MatMul;
import dev.pg.kernels.Matrix;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The table of matrix products of many tokens: bfloat16 weights on one thread against the peak of multiply-adds and against OpenBLAS with
 * float weights, and on several threads against one. What is compared takes turns, and ratios are of neighbours, so that a machine that
 * changes its speed shows as little as it can.
 *
 * <pre>
 *   ./mvnw -q -B -pl bench -am package -DskipTests
 *   java --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -XX:PerMethodRecompilationCutoff=10000 \
 *       -cp bench/target/bench.jar dev.pg.bench.MatMulTable
 * </pre>
 *
 * OpenBLAS is the system's, or that of {@code -Dpg.blas=FILE}, or a jar of {@code org.bytedeco:openblas} on the class path; without
 * any its column stays empty.
 */
@Command(
        name = "matmul-table",
        mixinStandardHelpOptions = true,
        description = "Measures matrix products at the shapes of real models.")
public final class MatMulTable implements Callable<Integer> {
    /** Weights in turn, so that no product finds its own in a cache. */
    private static final long BYTES = 200L << 20;

    /** Runs of a probe, some hundredths of a second each, of which the best counts. */
    private static final int PROBES = 2;

    private static final double ENOUGH_SECONDS = 0.2;

    @Option(names = "--shape", split = ",", description = "outputs x inputs (${DEFAULT-VALUE})")
    private List<String> shapes = List.of(
            "1152x1152", "4304x1152", "1152x4304", "2048x2048", "16384x2048", "2048x16384", "9216x2304", "2304x9216");

    @Option(names = "--rows", split = ",", description = "tokens (${DEFAULT-VALUE})")
    private List<Integer> rows = List.of(256, 512, 1024);

    @Option(names = "--threads", description = "of the team beside one (${DEFAULT-VALUE})", defaultValue = "2")
    private int threads;

    @Option(names = "--runs", description = "of which the median counts (${DEFAULT-VALUE})", defaultValue = "5")
    private int runs;

    /**
     * What one product reaches.
     *
     * @param peak multiply-adds of one thread, GFLOP/s
     * @param ofPeak share of it
     * @param toOpenBlas speed to that of OpenBLAS on one thread; null without one
     * @param speedUp of the team to one thread
     * @param ofTeamPeak share of the team's multiply-adds
     */
    record Figures(Sample peak, Sample ofPeak, Sample toOpenBlas, Sample speedUp, Sample ofTeamPeak) {}

    public static void main(String[] args) {
        CommandLine command = new CommandLine(new MatMulTable());
        command.setExecutionExceptionHandler((e, line, parsed) -> {
            if (!(e instanceof PgException)) {
                throw e;
            }
            line.getErr().println(e.getMessage());
            return 1;
        });
        System.exit(command.execute(args));
    }

    @Override
    public Integer call() {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        out.printf("| outputs × inputs | 1 thread | to OpenBLAS | %d/1 | of %1$d | peak, GFLOP/s |%n", threads);
        out.println("| --- | --- | --- | --- | --- | --- |");
        try (Workers one = new Workers(1);
                Workers team = new Workers(threads)) {
            for (String shape : shapes) {
                List<Figures> figures = measure(shape, rows, one, team, runs);
                out.printf(
                        "| %s | %s | %s | %s | %s | %s |%n",
                        shape.replace("x", " × "),
                        join(figures, Figures::ofPeak, "%.2f ± %.2f"),
                        join(figures, Figures::toOpenBlas, "%.2f ± %.2f"),
                        join(figures, Figures::speedUp, "%.2f ± %.2f"),
                        join(figures, Figures::ofTeamPeak, "%.2f ± %.2f"),
                        join(figures, Figures::peak, "%.0f ± %.0f"));
            }
        }
        return 0;
    }

    /** Median and half the distance from the least to the largest of each number of rows. */
    private static String join(List<Figures> all, Function<Figures, Sample> which, String format) {
        return all.stream()
                .map(which)
                .map(s -> s == null ? "–" : String.format(Locale.ROOT, format, s.median(), s.median() * s.spread() / 2))
                .collect(Collectors.joining(" / "));
    }

    static List<Figures> measure(String shape, List<Integer> rows, Workers one, Workers team, int runs) {
        int cross = shape.indexOf('x');
        int outputs = Integer.parseInt(shape.substring(0, cross));
        int inputs = Integer.parseInt(shape.substring(cross + 1));
        List<Figures> figures = new ArrayList<>();
        try (Arena arena = Arena.ofShared()) {
            Linear[] weights = Operands.layers(arena, DType.BF16, outputs, inputs, BYTES);
            boolean hasBlas = Gemm.OPENBLAS.available();
            Linear[] floats = hasBlas ? Operands.layers(arena, DType.F32, outputs, inputs, BYTES) : weights;
            for (int n : rows) {
                Product alone = new Product(new MatMul(one, Gemm.VECTOR), weights, n);
                Product blas = hasBlas ? new Product(new MatMul(one, Gemm.OPENBLAS), floats, n) : null;
                Product together = new Product(new MatMul(team, Gemm.VECTOR), weights, n);
                figures.add(measure(alone, blas, together, one, team, runs));
            }
        }
        return figures;
    }

    private static Figures measure(Product alone, Product blas, Product together, Workers one, Workers team, int runs) {
        double[] peak = new double[runs];
        double[] ofPeak = new double[runs];
        double[] toOpenBlas = new double[runs];
        double[] speedUp = new double[runs];
        double[] ofTeamPeak = new double[runs];
        alone.gflops(); // these warm up
        together.gflops();
        if (blas != null) {
            blas.gflops();
        }
        for (int run = 0; run < runs; run++) {
            double ofTeam = together.gflops();
            double speed = alone.gflops();
            speedUp[run] = ofTeam / speed;
            ofTeamPeak[run] = ofTeam / FmaProbe.gflops(team, PROBES);
            peak[run] = FmaProbe.gflops(one, PROBES);
            ofPeak[run] = speed / peak[run];
            toOpenBlas[run] = blas == null ? 0 : speed / blas.gflops();
        }
        return new Figures(
                Sample.of(peak),
                Sample.of(ofPeak),
                blas == null ? null : Sample.of(toOpenBlas),
                Sample.of(speedUp),
                Sample.of(ofTeamPeak));
    }

    /** A product with weights that take turns. */
    private static final class Product {
        private final MatMul matMul;
        private final Linear[] weights;
        private final Matrix x;
        private final Matrix y;
        private int next;

        Product(MatMul matMul, Linear[] weights, int rows) {
            this.matMul = matMul;
            this.weights = weights;
            x = Operands.matrix(1, rows, weights[0].cols());
            y = new Matrix(rows, weights[0].rows());
        }

        /** 10⁹ operations per second, over {@link #ENOUGH_SECONDS} or one product. */
        double gflops() {
            long start = System.nanoTime();
            int count = 0;
            double seconds;
            do {
                matMul.multiply(x, weights[next], y);
                next = (next + 1) % weights.length;
                count++;
                seconds = (System.nanoTime() - start) / 1e9;
            } while (seconds < ENOUGH_SECONDS);
            return 2.0 * count * x.rows() * x.cols() * y.cols() / seconds / 1e9;
        }
    }
}
