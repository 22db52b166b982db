package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Every element-wise operation and attention against PyTorch in float32 and against float64. */
class GoldenOpsTest {
    private static final Workers TEAM = new Workers(2);

    @AfterAll
    static void stop() {
        TEAM.close();
    }

    static List<JsonNode> layerNorms() {
        return GoldenOps.cases("layer_norm.");
    }

    @ParameterizedTest
    @MethodSource("layerNorms")
    void layerNorm(JsonNode test) {
        Matrix x = matrix(GoldenOps.operand(test, 0));
        float[] weight = GoldenOps.operand(test, 1).toFloats();
        float[] bias = GoldenOps.operand(test, 2).toFloats();
        Matrix y = new Matrix(x.rows(), x.cols());
        LayerNorm.apply(TEAM, x, weight, bias, test.get("eps").floatValue(), y);
        check(test, y.toArray());
    }

    static List<JsonNode> rmsNorms() {
        return GoldenOps.cases("rms_norm");
    }

    @ParameterizedTest
    @MethodSource("rmsNorms")
    void rmsNorm(JsonNode test) {
        Matrix x = matrix(GoldenOps.operand(test, 0));
        float[] weight = GoldenOps.operand(test, 1).toFloats();
        RmsNorm.apply(TEAM, x, weight, test.get("eps").floatValue(), x);
        check(test, x.toArray());
    }

    static List<JsonNode> gelus() {
        return GoldenOps.cases("gelu");
    }

    @ParameterizedTest
    @MethodSource("gelus")
    void gelu(JsonNode test) {
        Tensor x = GoldenOps.operand(test, 0);
        Matrix y = Matrix.of(1, (int) x.elements(), x.toFloats());
        Gelu.apply(TEAM, y);
        check(test, y.toArray());
    }

    static List<JsonNode> geGlus() {
        return GoldenOps.cases("geglu");
    }

    @ParameterizedTest
    @MethodSource("geGlus")
    void geGlu(JsonNode test) {
        Matrix gate = matrix(GoldenOps.operand(test, 0));
        Matrix up = matrix(GoldenOps.operand(test, 1));
        Matrix gateUp = new Matrix(gate.rows(), 2 * gate.cols());
        for (int r = 0; r < gate.rows(); r++) {
            System.arraycopy(gate.data(), gate.at(r), gateUp.data(), gateUp.at(r), gate.cols());
            System.arraycopy(up.data(), up.at(r), gateUp.data(), gateUp.at(r) + gate.cols(), gate.cols());
        }
        GeGlu.apply(TEAM, gateUp, gate);
        check(test, gate.toArray());
    }

    static List<JsonNode> softmaxes() {
        return GoldenOps.cases("softmax.");
    }

    @ParameterizedTest
    @MethodSource("softmaxes")
    void softmax(JsonNode test) {
        Matrix x = matrix(GoldenOps.operand(test, 0));
        for (int r = 0; r < x.rows(); r++) {
            if (!test.get("cap").isNull()) {
                SoftCap.apply(x.data(), x.at(r), x.cols(), test.get("cap").floatValue());
            }
            Softmax.apply(x.data(), x.at(r), x.cols());
        }
        check(test, x.toArray());
    }

    static List<JsonNode> softCaps() {
        return GoldenOps.cases("softcap.");
    }

    @ParameterizedTest
    @MethodSource("softCaps")
    void softCap(JsonNode test) {
        float[] x = GoldenOps.operand(test, 0).toFloats();
        float cap = Float.parseFloat(test.get("name").asString().substring("softcap.".length()));
        SoftCap.apply(x, 0, x.length, cap);
        check(test, x);
    }

    static List<JsonNode> ropes() {
        return GoldenOps.cases("rope.");
    }

    @ParameterizedTest
    @MethodSource("ropes")
    void rope(JsonNode test) {
        Tensor t = GoldenOps.operand(test, 0); // [1, heads, tokens, headDim]
        Matrix x = tokensByHeads(t);
        int heads = (int) t.dim(1);
        int headDim = (int) t.dim(3);
        long[] positions = GoldenOps.operand(test, 1).toLongs();
        Rope rope = new Rope(headDim, test.get("theta").floatValue());
        for (int r = 0; r < positions.length; r++) {
            rope.apply(TEAM, x.rows(r, 1), heads, (int) positions[r]);
        }
        check(test, headsByTokens(x, heads));
    }

    static List<JsonNode> attentions() {
        return GoldenOps.cases("attention.");
    }

    @ParameterizedTest
    @MethodSource("attentions")
    void attention(JsonNode test) {
        Tensor q = GoldenOps.operand(test, 0); // [1, heads, tokens, headDim]
        Tensor k = GoldenOps.operand(test, 1);
        int prefix = test.get("prefix").asInt();
        int window = test.get("window").asInt();
        Mask mask = switch (test.get("mask").asString()) {
            case "full" -> Mask.FULL;
            case "causal" -> Mask.CAUSAL;
            case "sliding" -> new Mask.PrefixLm(0, window, 0);
            case "prefix" -> new Mask.PrefixLm(prefix, Integer.MAX_VALUE, 0);
            case "prefix-sliding" -> new Mask.PrefixLm(prefix, window, 0);
            default -> throw new IllegalArgumentException(test.toString());
        };
        int heads = (int) q.dim(1);
        Matrix out = new Matrix((int) q.dim(2), heads * (int) q.dim(3));
        new Attention(TEAM)
                .apply(
                        tokensByHeads(q),
                        tokensByHeads(k),
                        tokensByHeads(GoldenOps.operand(test, 2)),
                        heads,
                        (int) k.dim(1),
                        (int) q.dim(3),
                        test.get("scale").floatValue(),
                        test.get("cap").isNull() ? 0 : test.get("cap").floatValue(),
                        mask,
                        out);
        check(test, headsByTokens(out, heads));
    }

    private static Matrix matrix(Tensor t) {
        return Matrix.of((int) t.dim(0), (int) t.dim(1), t.toFloats());
    }

    /** From [1, heads, tokens, headDim] to [tokens × heads·headDim]. */
    private static Matrix tokensByHeads(Tensor t) {
        int heads = (int) t.dim(1);
        int tokens = (int) t.dim(2);
        int headDim = (int) t.dim(3);
        float[] data = t.toFloats();
        Matrix m = new Matrix(tokens, heads * headDim);
        for (int h = 0; h < heads; h++) {
            for (int r = 0; r < tokens; r++) {
                System.arraycopy(data, (h * tokens + r) * headDim, m.data(), m.at(r) + h * headDim, headDim);
            }
        }
        return m;
    }

    private static float[] headsByTokens(Matrix m, int heads) {
        int headDim = m.cols() / heads;
        float[] out = new float[m.rows() * m.cols()];
        for (int h = 0; h < heads; h++) {
            for (int r = 0; r < m.rows(); r++) {
                System.arraycopy(m.data(), m.at(r) + h * headDim, out, (h * m.rows() + r) * headDim, headDim);
            }
        }
        return out;
    }

    private static void check(JsonNode test, float[] got) {
        double tolerance = GoldenOps.tolerance(test);
        assertThat(got).containsExactly(GoldenOps.expected(test), within((float) tolerance));
        double[] truth = GoldenOps.truth(test);
        for (int i = 0; i < truth.length; i++) {
            assertThat((double) got[i]).as("truth of element %d", i).isEqualTo(truth[i], within(tolerance));
        }
    }
}
