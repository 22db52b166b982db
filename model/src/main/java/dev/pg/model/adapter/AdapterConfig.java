package dev.pg.model.adapter;

import dev.pg.core.PgException;
import dev.pg.model.config.ConfigNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * {@code adapter_config.json} of PEFT, for LoRA and rsLoRA. What else PEFT can do changes what the tensors mean, so a key that is set and
 * not understood is refused by its name. Immutable and thread-safe.
 */
public final class AdapterConfig {
    static final String FILE = "adapter_config.json";

    private static final int MAX_RANK = 1 << 14;

    /** Keys that are understood here, or that say nothing about the trained network. */
    private static final Set<String> UNDERSTOOD = Set.of(
            "alpha_pattern",
            "auto_mapping",
            "base_model_name_or_path",
            "bias",
            "corda_config",
            "ensure_weight_tying",
            "eva_config",
            "exclude_modules",
            "fan_in_fan_out", // for transposed layers, of which these networks have none
            "inference_mode",
            "init_lora_weights",
            "layers_pattern",
            "layers_to_transform",
            "loftq_config",
            "lora_alpha",
            "lora_dropout",
            "lora_ga_config",
            "megatron_config",
            "megatron_core",
            "modules_to_save",
            "peft_type",
            "peft_version",
            "qalora_group_size",
            "r",
            "rank_pattern",
            "revision",
            "runtime_config",
            "target_modules",
            "task_type",
            "use_rslora");

    /** Ways to begin a training that leave the base as it is; others subtract from it what they put into the adapter. */
    private static final Set<String> HARMLESS_INITS = Set.of("gaussian", "eva", "orthogonal");

    private final String baseModel;
    private final int rank;
    private final double alpha;
    private final boolean rsLora;
    private final Map<Pattern, Integer> rankPattern;
    private final Map<Pattern, Double> alphaPattern;
    private final boolean biases;
    private final ModuleMatcher modules;

    private AdapterConfig(ConfigNode node) {
        baseModel = node.text("base_model_name_or_path", "");
        rank = node.integer("r", 8, 1, MAX_RANK);
        alpha = node.positive("lora_alpha", 8);
        rsLora = node.bool("use_rslora", false);
        ConfigNode ranks = node.object("rank_pattern");
        rankPattern = new LinkedHashMap<>();
        ranks.keys().forEach(key -> rankPattern.put(tail(ranks, key), ranks.integer(key, rank, 1, MAX_RANK)));
        ConfigNode alphas = node.object("alpha_pattern");
        alphaPattern = new LinkedHashMap<>();
        alphas.keys().forEach(key -> alphaPattern.put(tail(alphas, key), alphas.positive(key, alpha)));
        String bias = node.text("bias", "none");
        if (!Set.of("none", "all", "lora_only").contains(bias)) {
            throw node.wrong("bias", "\"none\", \"all\" or \"lora_only\"");
        }
        biases = !bias.equals("none");
        modules = ModuleMatcher.read(node);
    }

    /** A key of a pattern matches whole trailing parts of a name: {@code get_pattern_key} in PEFT's {@code other.py}. */
    private static Pattern tail(ConfigNode node, String key) {
        return ModuleMatcher.compile(node, key, "(.*\\.)?(" + key + ")");
    }

    /**
     * Reads the configuration of an adapter.
     *
     * @throws PgException if it is not valid, or asks for something other than LoRA or rsLoRA; the message names what
     */
    static AdapterConfig read(Path file) {
        ConfigNode node = ConfigNode.read(file);
        if (!node.text("peft_type", "missing").equals("LORA")) {
            throw node.wrong("peft_type", "\"LORA\", the one method that is supported");
        }
        if (node.has("use_dora") && node.bool("use_dora", false)) {
            throw new PgException(
                    file + ": is a DoRA adapter (use_dora), which is not supported; merge it into its base"
                            + " with PEFT, or train LoRA");
        }
        for (String key : node.keys()) {
            if (!UNDERSTOOD.contains(key)) {
                throw new PgException(file + ": uses " + key
                        + ", which is not supported: LoRA and rsLoRA are; merge the adapter into its base with PEFT");
            }
        }
        if (node.isText("init_lora_weights") && !HARMLESS_INITS.contains(node.text("init_lora_weights", ""))) {
            throw new PgException(file + ": init_lora_weights " + node.text("init_lora_weights", "")
                    + " changes the base as well, which is not supported; save it with PEFT's"
                    + " path_initial_model_for_weight_conversion");
        }
        return new AdapterConfig(node);
    }

    /** The base that it was trained on, as its author called it; may be empty. */
    public String baseModel() {
        return baseModel;
    }

    /** True if the factor is alpha / sqrt(rank), as in rsLoRA (arXiv 2312.03732), instead of alpha / rank. */
    public boolean rsLora() {
        return rsLora;
    }

    /** Rank of the update of {@code module}. */
    public int rank(String module) {
        return value(rankPattern, module, rank);
    }

    /** Factor on B·A of {@code module}. */
    public double scaling(String module) {
        return scaling(value(alphaPattern, module, alpha), rank(module));
    }

    /** Factor on B·A for this {@code alpha} and {@code rank}. */
    double scaling(double alpha, int rank) {
        return alpha / (rsLora ? Math.sqrt(rank) : rank);
    }

    private static <T> T value(Map<Pattern, T> patterns, String module, T otherwise) {
        return patterns.entrySet().stream()
                .filter(entry -> ModuleMatcher.matches(entry.getKey(), module))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(otherwise);
    }

    /** Which modules it is for. */
    ModuleMatcher modules() {
        return modules;
    }

    /** True if {@code tensor}, a name like {@code lm_head.weight}, may stand in the file whole. */
    boolean holdsWhole(String tensor) {
        int dot = tensor.lastIndexOf('.');
        return (biases && tensor.endsWith(".bias")) || (dot > 0 && modules.isSaved(tensor.substring(0, dot)));
    }
}
