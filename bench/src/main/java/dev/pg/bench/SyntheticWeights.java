package dev.pg.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * The tensors of a checkpoint under the names of the published files ({@code language_model.model.…},
 * {@code vision_tower.vision_model.…}): matrices and embeddings normally distributed with deviation 0.02, as such layers are
 * initialised, biases 0, LayerNorm weights 1, and RMSNorm weights 0, which Gemma adds to 1.
 */
final class SyntheticWeights {
    private final List<SyntheticWeight> weights = new ArrayList<>();
    private final short[] normal;
    private final short[] zero = SyntheticWeight.constant(0);
    private final short[] one = SyntheticWeight.constant(1);
    private final long seed;

    private SyntheticWeights(long seed) {
        this.seed = seed;
        normal = SyntheticWeight.normal(0.02, seed);
    }

    /** All tensors, in the order of the network. */
    static List<SyntheticWeight> of(ModelShape shape, long seed) {
        SyntheticWeights weights = new SyntheticWeights(seed);
        weights.vision(shape.vision(), "vision_tower.vision_model.");
        weights.linear(
                "multi_modal_projector.linear", shape.hidden(), shape.vision().hidden());
        weights.text(shape, "language_model.model.");
        return weights.weights;
    }

    /** The tensors of a SigLIP 2 NaFlex vision tower by itself, with its pooling head. */
    static List<SyntheticWeight> ofNaFlexTower(ModelShape.Vision v, long seed) {
        SyntheticWeights weights = new SyntheticWeights(seed);
        weights.add("vision_model.embeddings.patch_embedding.weight", weights.normal, v.hidden(), v.patchLength());
        weights.encoder(v, "vision_model.");
        weights.head(v, "vision_model.head.");
        return weights.weights;
    }

    private void head(ModelShape.Vision v, String prefix) {
        add(prefix + "probe", normal, 1, 1, v.hidden());
        add(prefix + "attention.in_proj_weight", normal, 3L * v.hidden(), v.hidden());
        add(prefix + "attention.in_proj_bias", zero, 3L * v.hidden());
        linear(prefix + "attention.out_proj", v.hidden(), v.hidden());
        layerNorm(prefix + "layernorm", v.hidden());
        linear(prefix + "mlp.fc1", v.intermediate(), v.hidden());
        linear(prefix + "mlp.fc2", v.hidden(), v.intermediate());
    }

    private void vision(ModelShape.Vision v, String prefix) {
        add(prefix + "embeddings.patch_embedding.weight", normal, v.hidden(), 3, v.patchSize(), v.patchSize());
        encoder(v, prefix);
    }

    private void encoder(ModelShape.Vision v, String prefix) {
        add(prefix + "embeddings.patch_embedding.bias", zero, v.hidden());
        add(prefix + "embeddings.position_embedding.weight", normal, v.patches(), v.hidden());
        for (int i = 0; i < v.layers(); i++) {
            String layer = prefix + "encoder.layers." + i + ".";
            layerNorm(layer + "layer_norm1", v.hidden());
            for (String projection : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
                linear(layer + "self_attn." + projection, v.hidden(), v.hidden());
            }
            layerNorm(layer + "layer_norm2", v.hidden());
            linear(layer + "mlp.fc1", v.intermediate(), v.hidden());
            linear(layer + "mlp.fc2", v.hidden(), v.intermediate());
        }
        layerNorm(prefix + "post_layernorm", v.hidden());
    }

    private void text(ModelShape s, String prefix) {
        add(prefix + "embed_tokens.weight", normal, ModelShape.VOCABULARY, s.hidden());
        for (int i = 0; i < s.layers(); i++) {
            String layer = prefix + "layers." + i + ".";
            add(layer + "input_layernorm.weight", zero, s.hidden());
            add(layer + "self_attn.q_proj.weight", normal, (long) s.heads() * s.headDim(), s.hidden());
            add(layer + "self_attn.k_proj.weight", normal, (long) s.kvHeads() * s.headDim(), s.hidden());
            add(layer + "self_attn.v_proj.weight", normal, (long) s.kvHeads() * s.headDim(), s.hidden());
            add(layer + "self_attn.o_proj.weight", normal, s.hidden(), (long) s.heads() * s.headDim());
            add(layer + "post_attention_layernorm.weight", zero, s.hidden());
            if (s.gemma() == 2) {
                add(layer + "pre_feedforward_layernorm.weight", zero, s.hidden());
                add(layer + "post_feedforward_layernorm.weight", zero, s.hidden());
            }
            add(layer + "mlp.gate_proj.weight", normal, s.intermediate(), s.hidden());
            add(layer + "mlp.up_proj.weight", normal, s.intermediate(), s.hidden());
            add(layer + "mlp.down_proj.weight", normal, s.hidden(), s.intermediate());
        }
        add(prefix + "norm.weight", zero, s.hidden());
    }

    private void linear(String name, int rows, int cols) {
        add(name + ".weight", normal, rows, cols);
        add(name + ".bias", zero, rows);
    }

    private void layerNorm(String name, int width) {
        add(name + ".weight", one, width);
        add(name + ".bias", zero, width);
    }

    private void add(String name, short[] table, long... shape) {
        // The golden ratio keeps the streams of neighbours apart; a multiple of 2^32 of it, so that they do not
        // overlap.
        weights.add(new SyntheticWeight(name, shape, table, seed + weights.size() * (0x9E3779B97F4A7C15L << 32)));
    }
}
