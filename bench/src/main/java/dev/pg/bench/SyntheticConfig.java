package dev.pg.bench;

import dev.pg.core.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * config.json as the published files have it: head_dim, epsilons, rope_theta, activations, channels and the usual picture size are
 * left to the defaults of the library, and Gemma 2 configs carry leftovers of the text models they were made from.
 */
final class SyntheticConfig {
    private static final int DEFAULT_HEAD_DIM = 256;
    private static final int DEFAULT_IMAGE_SIZE = 224;

    private SyntheticConfig() {}

    /** The keys and values of config.json. */
    static Map<String, Object> config(ModelShape shape, DType dtype) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("architectures", List.of("PaliGemmaForConditionalGeneration"));
        config.put("bos_token_id", 2);
        config.put("eos_token_id", 1);
        config.put("hidden_size", 2048); // also where the decoder is wider; nobody may read it
        config.put("ignore_index", -100);
        config.put("image_token_index", SyntheticTokenizer.SIZE);
        config.put("model_type", "paligemma");
        config.put("pad_token_id", 0);
        config.put("projection_dim", shape.hidden());
        config.put("text_config", text(shape, torchName(dtype)));
        config.put("torch_dtype", torchName(dtype));
        config.put("vision_config", vision(shape));
        return config;
    }

    private static String torchName(DType dtype) {
        return switch (dtype) {
            case F32 -> "float32";
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            default -> throw new IllegalArgumentException("weights are F32, F16 or BF16, not " + dtype);
        };
    }

    private static Map<String, Object> text(ModelShape shape, String dtype) {
        Map<String, Object> text = new LinkedHashMap<>();
        if (shape.gemma() == 2) {
            text.put("architectures", List.of("Gemma2ForCausalLM"));
            text.put("cache_implementation", "hybrid");
            text.put("eos_token_id", List.of(1, 107));
            text.put("query_pre_attn_scalar", shape.queryPreAttnScalar());
            text.put("sliding_window", 4096);
        }
        if (shape.headDim() != DEFAULT_HEAD_DIM) {
            text.put("head_dim", shape.headDim());
        }
        text.put("hidden_size", shape.hidden());
        text.put("intermediate_size", shape.intermediate());
        text.put("model_type", shape.gemma() == 2 ? "gemma2" : "gemma");
        text.put("num_attention_heads", shape.heads());
        text.put("num_hidden_layers", shape.layers());
        text.put("num_image_tokens", shape.vision().patches());
        text.put("num_key_value_heads", shape.kvHeads());
        text.put("torch_dtype", dtype);
        text.put("vocab_size", ModelShape.VOCABULARY);
        return text;
    }

    private static Map<String, Object> vision(ModelShape shape) {
        ModelShape.Vision v = shape.vision();
        Map<String, Object> vision = new LinkedHashMap<>();
        vision.put("hidden_size", v.hidden());
        if (v.imageSize() != DEFAULT_IMAGE_SIZE) {
            vision.put("image_size", v.imageSize());
        }
        vision.put("intermediate_size", v.intermediate());
        vision.put("model_type", "siglip_vision_model");
        vision.put("num_attention_heads", v.heads());
        vision.put("num_hidden_layers", v.layers());
        vision.put("num_image_tokens", v.patches());
        vision.put("patch_size", v.patchSize());
        vision.put("projection_dim", shape.hidden());
        vision.put("projector_hidden_act", "gelu_fast");
        vision.put("vision_use_head", false);
        return vision;
    }

    /** The keys and values of preprocessor_config.json. */
    static Map<String, Object> preprocessor(ModelShape shape) {
        int size = shape.vision().imageSize();
        Map<String, Object> preprocessor = new LinkedHashMap<>();
        preprocessor.put("do_normalize", true);
        preprocessor.put("do_rescale", true);
        preprocessor.put("do_resize", true);
        preprocessor.put("image_mean", List.of(0.5, 0.5, 0.5));
        preprocessor.put("image_processor_type", "SiglipImageProcessor");
        preprocessor.put("image_seq_length", shape.vision().patches());
        preprocessor.put("image_std", List.of(0.5, 0.5, 0.5));
        preprocessor.put("processor_class", "PaliGemmaProcessor");
        preprocessor.put("resample", 3);
        preprocessor.put("rescale_factor", 1.0 / 255);
        preprocessor.put("size", Map.of("height", size, "width", size));
        return preprocessor;
    }

    /** The keys and values of generation_config.json. */
    static Map<String, Object> generation() {
        return Map.of("_from_model_config", true, "bos_token_id", 2, "eos_token_id", 1, "pad_token_id", 0);
    }
}
