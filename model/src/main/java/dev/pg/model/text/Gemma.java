package dev.pg.model.text;

import dev.pg.kernels.Linear;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Weights;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.TextConfig;
import dev.pg.model.config.TextConfig.Family;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a Gemma or Gemma 2 decoder. Immutable and thread-safe; {@link GemmaDecoder} computes with them.
 *
 * <p>Gemma 1 and 2 use the name {@code post_attention_layernorm} for different norms: in Gemma 1 it stands before the MLP, in Gemma
 * 2 behind the attention. Here each norm is called by its place.
 */
public final class Gemma {
    private static final String ROOT = "language_model.";
    private static final String LM_HEAD = "lm_head";

    /**
     * One decoder layer. The norms behind attention and MLP are null in Gemma 1.
     *
     * @param preAttentionNorm weight of the RMSNorm in front of the attention [hidden]
     * @param qkv queries, keys and values in one [(heads + 2·kvHeads)·headDim × hidden]
     * @param out attention output [hidden × heads·headDim]
     * @param postAttentionNorm [hidden] or null
     * @param preMlpNorm [hidden]
     * @param gateUp gate and up in one [2·intermediate × hidden]
     * @param down [hidden × intermediate]
     * @param postMlpNorm [hidden] or null
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Layer(
            float[] preAttentionNorm,
            Linear qkv,
            Linear out,
            float[] postAttentionNorm,
            float[] preMlpNorm,
            Linear gateUp,
            Linear down,
            float[] postMlpNorm) {}

    private final TextConfig config;
    private final Weights embeddings; // [vocab × hidden]
    private final float embeddingScale;
    private final List<Layer> layers = new ArrayList<>();
    private final float[] finalNorm;
    private final Linear lmHead;

    /**
     * Finds the decoder's weights.
     *
     * @throws dev.pg.core.PgException if a tensor is missing or has another shape than the config says
     */
    public Gemma(TextConfig config, ModelTensors tensors) {
        this.config = config;
        int hidden = config.hiddenSize();
        this.embeddings = tensors.weights(ROOT + "embed_tokens.weight", config.vocabSize(), hidden);
        // In float32, as the reference computes it; a bfloat16 run would round it to bfloat16.
        this.embeddingScale = (float) Math.sqrt(hidden);
        for (int i = 0; i < config.layers(); i++) {
            layers.add(layer(tensors, ROOT + "layers." + i + "."));
        }
        this.finalNorm = tensors.vector(ROOT + "norm.weight", hidden);
        // Files that tie the output projection to the embeddings may still carry a redundant copy of it.
        boolean tied = config.tiedEmbeddings() || !tensors.has(LM_HEAD + ".weight");
        this.lmHead = tied
                ? tensors.tied(LM_HEAD, ROOT + "embed_tokens.weight", config.vocabSize(), hidden)
                : tensors.projection(LM_HEAD, config.vocabSize(), hidden);
    }

    private Layer layer(ModelTensors tensors, String at) {
        int hidden = config.hiddenSize();
        int queries = config.heads() * config.headDim();
        int keys = config.kvHeads() * config.headDim();
        int inner = config.intermediateSize();
        boolean two = config.family() == Family.GEMMA2;
        String attention = at + "self_attn.";
        Linear qkv = Linear.join(
                tensors.projection(attention + "q_proj", queries, hidden),
                tensors.projection(attention + "k_proj", keys, hidden),
                tensors.projection(attention + "v_proj", keys, hidden));
        Linear gateUp = Linear.join(
                tensors.projection(at + "mlp.gate_proj", inner, hidden),
                tensors.projection(at + "mlp.up_proj", inner, hidden));
        String secondNorm = two ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight";
        return new Layer(
                tensors.vector(at + "input_layernorm.weight", hidden),
                qkv,
                tensors.projection(attention + "o_proj", hidden, queries),
                two ? tensors.vector(at + "post_attention_layernorm.weight", hidden) : null,
                tensors.vector(at + secondNorm, hidden),
                gateUp,
                tensors.projection(at + "mlp.down_proj", hidden, inner),
                two ? tensors.vector(at + "post_feedforward_layernorm.weight", hidden) : null);
    }

    public TextConfig config() {
        return config;
    }

    /** Writes the scaled embedding of token {@code id} into row {@code row} of {@code x} [… × hidden]. */
    public void embed(int id, Matrix x, int row) {
        int at = x.at(row);
        embeddings.copyRow(id, x.data(), at);
        for (int c = 0; c < config.hiddenSize(); c++) {
            x.data()[at + c] *= embeddingScale;
        }
    }

    List<Layer> layers() {
        return layers;
    }

    float[] finalNorm() {
        return finalNorm;
    }

    Linear lmHead() {
        return lmHead;
    }
}
