package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pg.core.Workers;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same bits for any number of threads, and from interpreted and compiled code. */
class DeterminismTest {
    /** Calls after which everything has long been compiled by C2. */
    private static final int WARM = 300;

    /** Small, because the interpreter is slow, but more keys than a tile of attention has. */
    private static final int ROWS = 140;

    private static final int COLS = 40;

    @ParameterizedTest
    @ValueSource(ints = {2, 5})
    void theNumberOfThreadsDoesNotShow(int threads) {
        assertThat(digest(threads, 300, 120, 1)).isEqualTo(digest(1, 300, 120, 1));
    }

    @Test
    void interpretedAndCompiledCodeGiveTheSameBits() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of(
                "-Xint",
                "-Dpg.vector=always",
                "-cp",
                System.getProperty("java.class.path"),
                DeterminismTest.class.getName()));
        Process interpreted = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String output = new String(interpreted.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(interpreted.waitFor()).isZero();
        assertThat(output.strip()).isEqualTo(VectorSupport.describe() + " " + digest(1, ROWS, COLS, WARM));
    }

    @Test
    void plainLoopsAndVectorsGiveTheSameBits() {
        assumeThat(VectorSupport.AVAILABLE).isTrue();
        String vectors = digest(2, ROWS, COLS, 1);
        WarmUp.setWarm(false);
        try {
            assertThat(digest(2, ROWS, COLS, 1)).isEqualTo(vectors);
        } finally {
            WarmUp.setWarm(true);
        }
    }

    /** The interpreted half of the comparison. */
    public static void main(String[] args) {
        System.out.println(VectorSupport.describe() + " " + digest(1, ROWS, COLS, 1));
    }

    /** Runs every operation {@code rounds} times on the same operands and describes the last results. */
    private static String digest(int threads, int rows, int cols, int rounds) {
        String digest = "";
        try (Workers team = new Workers(threads)) {
            Attention attention = new Attention(team);
            Rope rope = new Rope(20, 10_000);
            for (int round = 0; round < rounds; round++) {
                digest = digest(team, attention, rope, rows, cols);
            }
        }
        return digest;
    }

    private static String digest(Workers team, Attention attention, Rope rope, int rows, int cols) {
        int heads = cols / 20;
        int kvHeads = heads / 2;
        Matrix x = RandomFloats.matrix(1, rows, cols);
        Matrix wide = RandomFloats.matrix(2, rows, 2 * cols);
        float[] weight = RandomFloats.normal(3, cols, 1);
        StringBuilder digests = new StringBuilder();
        Matrix y = new Matrix(rows, cols);
        LayerNorm.apply(team, x, weight, weight, 1e-6f, y);
        append(digests, "LayerNorm", y);
        RmsNorm.apply(team, y, weight, 1e-6f, y);
        append(digests, "RmsNorm", y);
        GeGlu.apply(team, wide, x);
        append(digests, "GeGlu", x);
        Residual.add(team, y, x);
        append(digests, "Residual", y);
        rope.apply(team, y, heads, 3);
        append(digests, "Rope", y);
        Matrix k = y.columns(0, kvHeads * 20);
        attention.apply(y, k, k, heads, kvHeads, 20, 0.25f, 20, Mask.CAUSAL, x);
        append(digests, "Attention", x);
        attention.apply(y.rows(rows - 1, 1), k, k, heads, kvHeads, 20, 0.25f, 20, Mask.CAUSAL, x.rows(rows - 1, 1));
        append(digests, "Attention of one query", x.rows(rows - 1, 1));
        Gelu.apply(team, x);
        append(digests, "Gelu", x);
        SoftCap.apply(x.data(), x.at(0), 1000, 30);
        append(digests, "SoftCap", x);
        Softmax.apply(x.data(), x.at(0), 1001);
        append(digests, "Softmax", x);
        Softmax.log(y.data(), y.at(0), 1001);
        append(digests, "Softmax.log", y);
        return digests.toString().strip();
    }

    private static void append(StringBuilder digests, String name, Matrix m) {
        digests.append(name).append(' ').append(Arrays.hashCode(m.toArray())).append("; ");
    }
}
