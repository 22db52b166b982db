package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelTensorsTest {
    @ParameterizedTest
    @CsvSource({
        "language_model.model.embed_tokens.weight, language_model.embed_tokens.weight",
        "model.language_model.embed_tokens.weight, language_model.embed_tokens.weight",
        "model.embed_tokens.weight, language_model.embed_tokens.weight",
        "language_model.model.layers.3.mlp.up_proj.weight, language_model.layers.3.mlp.up_proj.weight",
        "model.language_model.layers.3.mlp.up_proj.weight, language_model.layers.3.mlp.up_proj.weight",
        "model.layers.3.mlp.up_proj.weight, language_model.layers.3.mlp.up_proj.weight",
        "language_model.model.norm.weight, language_model.norm.weight",
        "model.norm.weight, language_model.norm.weight",
        "language_model.lm_head.weight, lm_head.weight",
        "lm_head.weight, lm_head.weight",
        "vision_tower.vision_model.post_layernorm.bias, vision_tower.post_layernorm.bias",
        "model.vision_tower.vision_model.post_layernorm.bias, vision_tower.post_layernorm.bias",
        "model.vision_tower.post_layernorm.bias, vision_tower.post_layernorm.bias",
        "vision_tower.post_layernorm.bias, vision_tower.post_layernorm.bias",
        "vision_model.encoder.layers.0.mlp.fc1.bias, vision_tower.encoder.layers.0.mlp.fc1.bias",
        "vision_model.head.probe, vision_tower.head.probe",
        "multi_modal_projector.linear.bias, multi_modal_projector.linear.bias",
        "model.multi_modal_projector.linear.bias, multi_modal_projector.linear.bias"
    })
    void everySchemeMapsToOneName(String inFile, String role) {
        assertThat(ModelTensors.role(inFile)).isEqualTo(role);
    }
}
