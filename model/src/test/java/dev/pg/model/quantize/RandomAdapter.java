package dev.pg.model.quantize;

import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.config.ConfigNode;
import dev.pg.model.config.TextConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** An adapter of all projections of a Gemma, large enough to change its logits thoroughly. */
final class RandomAdapter {
    private static final int RANK = 3;

    private RandomAdapter() {}

    /** Writes the adapter of the model in {@code base} and opens it. */
    static Adapter write(Path base, Path out) {
        TextConfig config = TextConfig.read(ConfigNode.read(base.resolve("config.json")), true);
        int hidden = config.hiddenSize();
        int queries = config.heads() * config.headDim();
        int keys = config.kvHeads() * config.headDim();
        int inner = config.intermediateSize();
        Random random = new Random(1);
        List<Tensor> tensors = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            String at = "base_model.model.model.layers." + layer + ".";
            add(tensors, random, at + "self_attn.q_proj", queries, hidden);
            add(tensors, random, at + "self_attn.k_proj", keys, hidden);
            add(tensors, random, at + "self_attn.v_proj", keys, hidden);
            add(tensors, random, at + "self_attn.o_proj", hidden, queries);
            add(tensors, random, at + "mlp.gate_proj", inner, hidden);
            add(tensors, random, at + "mlp.up_proj", inner, hidden);
            add(tensors, random, at + "mlp.down_proj", hidden, inner);
        }
        try {
            Files.createDirectories(out);
            Files.writeString(out.resolve("adapter_config.json"), """
                    {"peft_type": "LORA", "r": %d, "lora_alpha": %d, "target_modules":
                     ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]}
                    """.formatted(RANK, 2 * RANK));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Safetensors.write(out.resolve("adapter_model.safetensors"), tensors, Map.of());
        return Adapter.open(out);
    }

    private static void add(List<Tensor> tensors, Random random, String name, int outputs, int inputs) {
        tensors.add(normal(random, name + ".lora_A.weight", RANK, inputs));
        tensors.add(normal(random, name + ".lora_B.weight", outputs, RANK));
    }

    private static Tensor normal(Random random, String name, int rows, int cols) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() * 0.1f;
        }
        return Tensor.ofFloats(name, values, rows, cols);
    }

    /** w += scaling·B·A, in double arithmetic. */
    static void add(Adapter.Module module, double[][] w) {
        float[] a = module.a().toFloats();
        float[] b = module.b().toFloats();
        for (int row = 0; row < w.length; row++) {
            for (int col = 0; col < w[row].length; col++) {
                for (int r = 0; r < RANK; r++) {
                    w[row][col] += module.scaling() * b[row * RANK + r] * a[r * w[row].length + col];
                }
            }
        }
    }
}
