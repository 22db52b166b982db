package dev.pg.model.config;

import java.util.ArrayList;
import java.util.List;

/**
 * The shape of a Gemma or Gemma 2 decoder. Both are one network whose differences are fields here; omitted keys take the
 * defaults of transformers' {@code GemmaConfig} and {@code Gemma2Config}.
 *
 * @param family GEMMA or GEMMA2
 * @param vocabSize rows of the embedding table, which is also the number of logits
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width inside the gated MLP
 * @param layers number of decoder layers
 * @param heads query heads
 * @param kvHeads key/value heads; each serves {@code heads / kvHeads} query heads
 * @param headDim dimensions of one head, which need not be {@code hiddenSize / heads}
 * @param maxPositions longest sequence the model was made for
 * @param rmsNormEps epsilon inside every RMSNorm
 * @param ropeTheta base of the rotary frequencies
 * @param attentionScale factor on q·k: {@code query_pre_attn_scalar^-0.5}, or {@code headDim^-0.5} in Gemma 1
 * @param attentionSoftCap cap on attention scores, 0 for none
 * @param finalSoftCap cap on logits, 0 for none
 * @param slidingWindow keys that a query in a sliding layer sees, itself included
 * @param sliding for each layer whether it is a sliding one
 * @param tiedEmbeddings whether the embedding table is the output projection too
 */
public record TextConfig(
        Family family,
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int kvHeads,
        int headDim,
        int maxPositions,
        float rmsNormEps,
        float ropeTheta,
        float attentionScale,
        float attentionSoftCap,
        float finalSoftCap,
        int slidingWindow,
        List<Boolean> sliding,
        boolean tiedEmbeddings) {

    /** The two generations of Gemma that PaliGemma is built on. */
    public enum Family {
        /** One norm before attention and one before the MLP, no caps, no window. */
        GEMMA,
        /** Also norms behind attention and MLP, soft caps, and every second layer sliding. */
        GEMMA2
    }

    private static final List<String> TANH_GELU = List.of("gelu_pytorch_tanh", "gelu", "gelu_new", "gelu_fast");

    /**
     * Reads a {@code text_config} object, or the config of a text-only checkpoint.
     *
     * @param node the object
     * @param tiedByDefault {@code tie_word_embeddings} where the object does not say
     * @throws dev.pg.core.PgException if a value is impossible or asks for something this decoder does not do
     */
    public static TextConfig read(ConfigNode node, boolean tiedByDefault) {
        Family family = switch (node.text("model_type", "gemma")) {
            case "gemma" -> Family.GEMMA;
            case "gemma2" -> Family.GEMMA2;
            default -> throw node.wrong("model_type", "\"gemma\" or \"gemma2\"");
        };
        boolean two = family == Family.GEMMA2;
        int layers = node.integer("num_hidden_layers", two ? 26 : 28, 1, 1024);
        int heads = node.size("num_attention_heads", two ? 8 : 16);
        int kvHeads = node.size("num_key_value_heads", two ? 4 : 16);
        int headDim = node.size("head_dim", 256);
        if (heads % kvHeads != 0) {
            throw node.wrong("num_key_value_heads", "a divisor of num_attention_heads " + heads);
        }
        if (headDim % 2 != 0) {
            throw node.wrong("head_dim", "an even number, as rotary embedding needs");
        }
        if (node.bool("attention_bias", false)) {
            throw node.wrong("attention_bias", "false: Gemma has no biases");
        }
        checkActivation(node);
        double attentionScalar = two ? node.positive("query_pre_attn_scalar", 256) : headDim;
        return new TextConfig(
                family,
                node.integer("vocab_size", 256000, 1, 1 << 24),
                node.size("hidden_size", two ? 2304 : 3072),
                node.size("intermediate_size", two ? 9216 : 24576),
                layers,
                heads,
                kvHeads,
                headDim,
                node.integer("max_position_embeddings", 8192, 1, 1 << 20),
                (float) node.positive("rms_norm_eps", 1e-6),
                ropeTheta(node),
                (float) Math.pow(attentionScalar, -0.5),
                two ? softCap(node, "attn_logit_softcapping", 50) : 0,
                two ? softCap(node, "final_logit_softcapping", 30) : 0,
                two ? node.integer("sliding_window", 4096, 1, Integer.MAX_VALUE) : Integer.MAX_VALUE,
                slidingLayers(node, two, layers),
                node.bool("tie_word_embeddings", tiedByDefault));
    }

    /** Gemma 1 files say "gelu" and mean the tanh form, as transformers treats them. */
    private static void checkActivation(ConfigNode node) {
        for (String key : List.of("hidden_activation", "hidden_act")) {
            if (!TANH_GELU.contains(node.text(key, "gelu_pytorch_tanh"))) {
                throw node.wrong(key, "\"gelu_pytorch_tanh\"");
            }
        }
    }

    /** transformers up to 4 writes {@code rope_theta}; 5 writes {@code rope_parameters}. */
    private static float ropeTheta(ConfigNode node) {
        for (String key : List.of("rope_scaling", "rope_parameters")) {
            ConfigNode rope = node.object(key);
            if (!rope.text("rope_type", rope.text("type", "default")).equals("default")) {
                throw node.wrong(key, "the default rope type");
            }
        }
        return (float) node.object("rope_parameters").positive("rope_theta", node.positive("rope_theta", 10000));
    }

    /** An absent cap has its default; an explicit null means none. */
    private static float softCap(ConfigNode node, String key, double otherwise) {
        return node.isNull(key) ? 0 : (float) node.positive(key, otherwise);
    }

    /** Layer i slides iff i is even, unless {@code layer_types} says which do. */
    private static List<Boolean> slidingLayers(ConfigNode node, boolean two, int layers) {
        List<String> types = node.texts("layer_types");
        if (two && !types.isEmpty() && types.size() != layers) {
            throw node.wrong("layer_types", "a list of num_hidden_layers " + layers + " names");
        }
        List<Boolean> sliding = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            sliding.add(two && (types.isEmpty() ? i % 2 == 0 : types.get(i).equals("sliding_attention")));
        }
        return List.copyOf(sliding);
    }
}
