package dev.pg.bench;

import dev.pg.core.DType;
import dev.pg.core.Safetensors;
import dev.pg.core.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes a LoRA adapter of random numbers for every projection of a decoder, in float32, as PEFT saves one after a training with
 * {@code target_modules} of all seven.
 */
final class SyntheticAdapter {
    private static final String PREFIX = "base_model.model.language_model.model.layers.";
    private static final double DEVIATION = 0.01;

    private SyntheticAdapter() {}

    /**
     * Writes the two files of an adapter.
     *
     * @param directory is created
     * @param shape of the base
     * @param rank of each update
     * @param seed the same seed gives the same bytes
     * @return parameters in all
     * @throws dev.pg.core.PgException if the weights cannot be written
     */
    static long write(Path directory, ModelShape shape, int rank, long seed) throws IOException {
        Files.createDirectories(directory);
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("peft_type", "LORA");
        config.put("r", rank);
        config.put("lora_alpha", rank);
        config.put("target_modules", ".*language_model.*\\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)");
        Files.write(
                directory.resolve("adapter_config.json"), JsonMapper.shared().writeValueAsBytes(config));

        List<TensorSource> tensors = new ArrayList<>();
        int queries = shape.heads() * shape.headDim();
        int keys = shape.kvHeads() * shape.headDim();
        short[] table = SyntheticWeight.normal(DEVIATION, seed);
        for (int i = 0; i < shape.layers(); i++) {
            String attention = PREFIX + i + ".self_attn.";
            String mlp = PREFIX + i + ".mlp.";
            add(tensors, attention + "q_proj", queries, rank, shape.hidden(), table, seed);
            add(tensors, attention + "k_proj", keys, rank, shape.hidden(), table, seed);
            add(tensors, attention + "v_proj", keys, rank, shape.hidden(), table, seed);
            add(tensors, attention + "o_proj", shape.hidden(), rank, queries, table, seed);
            add(tensors, mlp + "gate_proj", shape.intermediate(), rank, shape.hidden(), table, seed);
            add(tensors, mlp + "up_proj", shape.intermediate(), rank, shape.hidden(), table, seed);
            add(tensors, mlp + "down_proj", shape.hidden(), rank, shape.intermediate(), table, seed);
        }
        Safetensors.write(directory.resolve("adapter_model.safetensors"), tensors, Map.of("format", "pt"));
        return tensors.stream().mapToLong(TensorSource::bytes).sum() / Float.BYTES;
    }

    private static void add(
            List<TensorSource> tensors, String name, int outputs, int rank, int inputs, short[] table, long seed) {
        long[] a = {rank, inputs};
        long[] b = {outputs, rank};
        tensors.add(new ConvertedWeight(
                new SyntheticWeight(name + ".lora_A.weight", a, table, seed + tensors.size()), DType.F32));
        tensors.add(new ConvertedWeight(
                new SyntheticWeight(name + ".lora_B.weight", b, table, seed + tensors.size()), DType.F32));
    }
}
