package dev.pg.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigTest {
    @TempDir
    Path directory;

    private ConfigNode node(String json) throws IOException {
        return ConfigNode.read(Files.writeString(directory.resolve("config.json"), json));
    }

    /** The keys of a published PaliGemma 1 config, and nothing else. */
    @Test
    void omittedKeysOfPaliGemma1TakeTheirDefaults() throws IOException {
        PaliGemmaConfig config = PaliGemmaConfig.read(node("""
                {"model_type": "paligemma", "image_token_index": 257152, "hidden_size": 2048, "vocab_size": 257152,
                 "text_config": {"hidden_size": 2048, "intermediate_size": 16384, "model_type": "gemma", "num_attention_heads": 8,
                   "num_hidden_layers": 18, "num_image_tokens": 256, "num_key_value_heads": 1, "vocab_size": 257216},
                 "vision_config": {"hidden_size": 1152, "intermediate_size": 4304, "model_type": "siglip_vision_model",
                   "num_attention_heads": 16, "num_hidden_layers": 27, "patch_size": 14, "projector_hidden_act": "gelu_fast"}}"""));
        TextConfig text = config.text();
        assertThat(text.headDim()).isEqualTo(256);
        assertThat(text.ropeTheta()).isEqualTo(10000);
        assertThat(text.rmsNormEps()).isEqualTo(1e-6f);
        assertThat(text.maxPositions()).isEqualTo(8192);
        assertThat(text.attentionScale()).isEqualTo(1 / 16f);
        assertThat(text.attentionSoftCap()).isZero();
        assertThat(text.finalSoftCap()).isZero();
        assertThat(text.sliding()).containsOnly(false);
        assertThat(text.tiedEmbeddings()).isTrue();
        assertThat(config.vision().imageSize()).isEqualTo(224);
        assertThat(config.vision().patches()).isEqualTo(256);
        assertThat(config.vision().encoder().headDim()).isEqualTo(72);
        assertThat(config.imageTokenId()).isEqualTo(257152);
    }

    @Test
    void omittedKeysOfGemma2TakeTheirDefaults() throws IOException {
        TextConfig text = TextConfig.read(node("{\"model_type\": \"gemma2\"}"), true);
        assertThat(text.hiddenSize()).isEqualTo(2304);
        assertThat(text.attentionSoftCap()).isEqualTo(50);
        assertThat(text.finalSoftCap()).isEqualTo(30);
        assertThat(text.slidingWindow()).isEqualTo(4096);
        assertThat(text.sliding().subList(0, 4)).isEqualTo(List.of(true, false, true, false));
        assertThat(text.attentionScale()).isEqualTo(1 / 16f);
    }

    /** The 28B model divides by sqrt(hidden / heads) = 12, not by sqrt(headDim). */
    @Test
    void attentionScaleFollowsTheQueryScalar() throws IOException {
        TextConfig text = TextConfig.read(
                node("{\"model_type\": \"gemma2\", \"head_dim\": 128, \"query_pre_attn_scalar\": 144}"), true);
        assertThat(text.attentionScale()).isEqualTo(1 / 12f);
    }

    @Test
    void keysOfTransformersFive() throws IOException {
        TextConfig text = TextConfig.read(node("""
                {"model_type": "gemma2", "num_hidden_layers": 2, "dtype": "bfloat16",
                 "rope_parameters": {"rope_theta": 5000.0, "rope_type": "default"},
                 "layer_types": ["full_attention", "sliding_attention"]}"""), true);
        assertThat(text.ropeTheta()).isEqualTo(5000);
        assertThat(text.sliding()).containsExactly(false, true);
    }

    @Test
    void nullSwitchesACapOff() throws IOException {
        TextConfig text = TextConfig.read(
                node(
                        "{\"model_type\": \"gemma2\", \"attn_logit_softcapping\": null, \"final_logit_softcapping\": null}"),
                true);
        assertThat(text.attentionSoftCap()).isZero();
        assertThat(text.finalSoftCap()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"model_type\": \"llama\"} | model_type",
                "{\"hidden_size\": 0} | hidden_size",
                "{\"hidden_size\": \"x\"} | hidden_size",
                "{\"hidden_size\": 99999999999} | hidden_size",
                "{\"num_attention_heads\": 3, \"num_key_value_heads\": 2} | num_key_value_heads",
                "{\"head_dim\": 7} | head_dim",
                "{\"rope_theta\": -1} | rope_theta",
                "{\"rms_norm_eps\": \"NaN\"} | rms_norm_eps",
                "{\"hidden_activation\": \"relu\"} | hidden_activation",
                "{\"rope_scaling\": {\"type\": \"linear\"}} | rope_scaling",
                "{\"attention_bias\": true} | attention_bias",
                "{\"model_type\": \"gemma2\", \"layer_types\": [\"full_attention\"]} | layer_types"
            })
    void impossibleValuesAreNamed(String json, String key) {
        assertThatThrownBy(() -> TextConfig.read(node(json), true))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("config.json")
                .hasMessageContaining("\"" + key + "\"")
                .hasMessageContaining("expected");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"[1, 2]", "{\"a\": ", "<html>", "''"})
    void brokenFilesAreNamed(String text) {
        assertThatThrownBy(() -> node(text)).isInstanceOf(PgException.class).hasMessageContaining("config.json");
    }
}
