package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Matrix products of every backend against PyTorch in float32 and against float64. */
class GoldenMatMulTest {
    private static List<Gemm> backends() {
        return Arrays.stream(Gemm.values()).filter(Gemm::available).toList();
    }

    static List<JsonNode> linears() {
        return GoldenOps.cases("linear.");
    }

    @ParameterizedTest
    @MethodSource("linears")
    void linear(JsonNode test) {
        Tensor x = GoldenOps.operand(test, 0);
        Linear w = Linear.of(
                Weights.of(GoldenOps.operand(test, 1)),
                GoldenOps.operand(test, 2).toFloats());
        check(test, Matrix.of((int) (x.elements() / w.cols()), w.cols(), x.toFloats()), w);
    }

    static List<JsonNode> patches() {
        return GoldenOps.cases("patch.");
    }

    /** A convolution whose stride is its kernel is a product of patches, flattened as [channel, row, column]. */
    @ParameterizedTest
    @MethodSource("patches")
    void patchEmbedding(JsonNode test) {
        Tensor pixels = GoldenOps.operand(test, 0); // [images, 3, height, width]
        Linear w = Linear.of(
                Weights.of(GoldenOps.operand(test, 1)),
                GoldenOps.operand(test, 2).toFloats());
        int patch = test.get("patch").intValue();
        int channels = (int) pixels.dim(1);
        int height = (int) pixels.dim(2);
        int width = (int) pixels.dim(3);
        float[] from = pixels.toFloats();
        float[] flat = new float[(int) pixels.dim(0) * (height / patch) * (width / patch) * w.cols()];
        int to = 0;
        for (int image = 0; image < pixels.dim(0); image++) {
            for (int top = 0; top + patch <= height; top += patch) {
                for (int left = 0; left + patch <= width; left += patch) {
                    for (int line = 0; line < channels * patch; line++) {
                        int plane = image * channels + line / patch;
                        int at = (plane * height + top + line % patch) * width + left;
                        System.arraycopy(from, at, flat, to, patch);
                        to += patch;
                    }
                }
            }
        }
        check(test, Matrix.of(flat.length / w.cols(), w.cols(), flat), w);
    }

    private static void check(JsonNode test, Matrix x, Linear w) {
        float[] expected = GoldenOps.expected(test);
        double[] truth = GoldenOps.truth(test);
        try (Workers workers = new Workers(2)) {
            for (Gemm gemm : backends()) {
                Matrix y = new Matrix(x.rows(), w.rows());
                new MatMul(workers, gemm).multiply(x, w, y);
                float[] actual = y.toArray();
                assertThat(actual).hasSameSizeAs(expected);
                for (int i = 0; i < actual.length; i++) {
                    assertThat((double) actual[i]).isCloseTo(expected[i], within(GoldenOps.tolerance(test)));
                    assertThat((double) actual[i]).isCloseTo(truth[i], within(GoldenOps.tolerance(test)));
                }
            }
        }
    }
}
