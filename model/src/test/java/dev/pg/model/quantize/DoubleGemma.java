package dev.pg.model.quantize;

import dev.pg.model.config.TextConfig;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;

/** Gemma 1 and 2 in double arithmetic and plain loops, one prompt at once: the oracle of models whose weights nobody else can read. */
final class DoubleGemma {
    private final TextConfig config;
    private final Function<String, double[]> vectors;
    private final Function<String, double[][]> matrices;

    /**
     * @param vectors norms, by their names behind {@code model.}
     * @param matrices weights, likewise
     */
    DoubleGemma(TextConfig config, Function<String, double[]> vectors, Function<String, double[][]> matrices) {
        this.config = config;
        this.vectors = vectors;
        this.matrices = matrices;
    }

    /** The logits behind each token [tokens × vocabulary], capped as the config says. */
    double[][] logits(int[] ids) {
        double[][] table = matrices.apply("embed_tokens");
        double[][] h = new double[ids.length][];
        for (int i = 0; i < ids.length; i++) {
            h[i] = map(table[ids[i]], v -> v * (float) Math.sqrt(config.hiddenSize()));
        }
        boolean two = config.family() == TextConfig.Family.GEMMA2;
        for (int layer = 0; layer < config.layers(); layer++) {
            String at = "layers." + layer + ".";
            double[][] attended = attention(layer, normed(h, at + "input_layernorm"));
            add(h, two ? normed(attended, at + "post_attention_layernorm") : attended);
            String before = at + (two ? "pre_feedforward_layernorm" : "post_attention_layernorm");
            double[][] out = mlp(at + "mlp.", normed(h, before));
            add(h, two ? normed(out, at + "post_feedforward_layernorm") : out);
        }
        double[][] logits = project(normed(h, "norm"), "embed_tokens");
        return each(logits, row -> map(row, v -> capped(v, config.finalSoftCap())));
    }

    private double[][] attention(int layer, double[][] x) {
        String at = "layers." + layer + ".self_attn.";
        int size = config.headDim();
        double[][] q = rotated(project(x, at + "q_proj"));
        double[][] k = rotated(project(x, at + "k_proj"));
        double[][] v = project(x, at + "v_proj");
        double[][] out = new double[x.length][config.heads() * size];
        for (int i = 0; i < x.length; i++) {
            int first = config.sliding().get(layer) ? Math.max(0, i - config.slidingWindow() + 1) : 0;
            for (int head = 0; head < config.heads(); head++) {
                int shared = head * config.kvHeads() / config.heads();
                double[] weights = new double[i + 1];
                double sum = 0;
                for (int j = first; j <= i; j++) {
                    double dot = 0;
                    for (int d = 0; d < size; d++) {
                        dot += q[i][head * size + d] * k[j][shared * size + d];
                    }
                    weights[j] = Math.exp(capped(dot * config.attentionScale(), config.attentionSoftCap()));
                    sum += weights[j];
                }
                for (int j = first; j <= i; j++) {
                    for (int d = 0; d < size; d++) {
                        out[i][head * size + d] += weights[j] / sum * v[j][shared * size + d];
                    }
                }
            }
        }
        return project(out, at + "o_proj");
    }

    private double[][] mlp(String at, double[][] x) {
        double[][] gate = project(x, at + "gate_proj");
        double[][] up = project(x, at + "up_proj");
        for (int i = 0; i < x.length; i++) {
            for (int c = 0; c < up[i].length; c++) {
                double g = gate[i][c];
                up[i][c] *= 0.5 * g * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g)));
            }
        }
        return project(up, at + "down_proj");
    }

    private double[][] rotated(double[][] x) {
        int half = config.headDim() / 2;
        for (int position = 0; position < x.length; position++) {
            for (int head = 0; head < x[position].length; head += 2 * half) {
                for (int d = 0; d < half; d++) {
                    double angle = position * Math.pow(config.ropeTheta(), -(double) d / half);
                    double a = x[position][head + d];
                    double b = x[position][head + half + d];
                    x[position][head + d] = a * Math.cos(angle) - b * Math.sin(angle);
                    x[position][head + half + d] = b * Math.cos(angle) + a * Math.sin(angle);
                }
            }
        }
        return x;
    }

    private double[][] normed(double[][] x, String name) {
        double[] weight = vectors.apply(name);
        return each(x, row -> {
            double squares = 0;
            for (double v : row) {
                squares += v * v;
            }
            double scale = 1 / Math.sqrt(squares / row.length + config.rmsNormEps());
            double[] out = new double[row.length];
            for (int c = 0; c < row.length; c++) {
                out[c] = row[c] * scale * (1 + weight[c]);
            }
            return out;
        });
    }

    private double[][] project(double[][] x, String name) {
        double[][] w = matrices.apply(name);
        return each(x, row -> {
            double[] out = new double[w.length];
            for (int r = 0; r < w.length; r++) {
                for (int c = 0; c < row.length; c++) {
                    out[r] += w[r][c] * row[c];
                }
            }
            return out;
        });
    }

    private static double capped(double v, double cap) {
        return cap == 0 ? v : cap * Math.tanh(v / cap);
    }

    private static void add(double[][] x, double[][] delta) {
        for (int i = 0; i < x.length; i++) {
            for (int c = 0; c < x[i].length; c++) {
                x[i][c] += delta[i][c];
            }
        }
    }

    private static double[][] each(double[][] x, Function<double[], double[]> change) {
        double[][] out = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            out[i] = change.apply(x[i]);
        }
        return out;
    }

    private static double[] map(double[] x, DoubleUnaryOperator change) {
        return Arrays.stream(x).map(change).toArray();
    }
}
