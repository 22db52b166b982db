package dev.pg.bench;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes a checkpoint of a published model's shape with random BF16 weights, to measure load time, memory and speed where the
 * real files, which are gated, are not at hand. What such a model generates means nothing, but every file and every tensor is
 * where the real one has it.
 *
 * <pre>
 *   ./mvnw -q -B -pl bench -am package -DskipTests
 *   java -cp bench/target/bench.jar dev.pg.bench.SyntheticCheckpoint paligemma2-3b-224 synthetic-3b
 * </pre>
 */
@Command(
        name = "synthetic-checkpoint",
        mixinStandardHelpOptions = true,
        description = "Writes a checkpoint of full size with random weights.")
public final class SyntheticCheckpoint implements Callable<Integer> {
    /** Largest shard, as save_pretrained cuts them; a tensor is never divided. */
    static final long SHARD_BYTES = 5_000_000_000L;

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    @Parameters(
            index = "0",
            description =
                    "paligemma-3b-224, paligemma2-3b-224, -3b-448, -3b-896, paligemma2-10b-224, paligemma2-28b-224, ...")
    private String shapeName;

    @Parameters(index = "1", description = "the directory to write; must be empty or not exist")
    private Path directory;

    @Option(names = "--layers", description = "layers of the decoder; as published if absent")
    private Integer layers;

    @Option(names = "--vision-layers", description = "layers of the vision tower; as published if absent")
    private Integer visionLayers;

    @Option(names = "--seed", description = "start of the random weights (${DEFAULT-VALUE})", defaultValue = "1")
    private long seed;

    public static void main(String[] args) {
        CommandLine command = new CommandLine(new SyntheticCheckpoint());
        command.setExecutionExceptionHandler((e, line, parsed) -> {
            if (!(e instanceof PgException)) {
                throw e;
            }
            line.getErr().println(e.getMessage());
            return 1;
        });
        System.exit(command.execute(args));
    }

    @Override
    public Integer call() throws IOException {
        ModelShape shape = ModelShape.of(shapeName);
        shape = shape.withLayers(
                layers == null ? shape.layers() : layers,
                visionLayers == null ? shape.vision().layers() : visionLayers);
        long start = System.nanoTime();
        long bytes = write(directory, shape, seed, SHARD_BYTES);
        double seconds = (System.nanoTime() - start) / 1e9;
        System.err.printf(
                "%s: %.2f GB in %.1f s (%.0f MB/s)%n", directory, bytes / 1e9, seconds, bytes / 1e6 / seconds);
        return 0;
    }

    /** {@link #write(Path, ModelShape, DType, long, long)} in BF16. */
    static long write(Path directory, ModelShape shape, long seed, long shardBytes) throws IOException {
        return write(directory, shape, DType.BF16, seed, shardBytes);
    }

    /**
     * Writes a checkpoint. The memory needed does not depend on its size.
     *
     * @param directory is created; must be empty if it exists
     * @param shape sizes of the model
     * @param dtype number format: F32, F16 or BF16
     * @param seed the same seed gives the same bytes
     * @param shardBytes largest number of bytes of a file with more than one tensor
     * @return number of bytes of all tensors
     * @throws PgException if a file cannot be written
     */
    static long write(Path directory, ModelShape shape, DType dtype, long seed, long shardBytes) throws IOException {
        Files.createDirectories(directory);
        try (var entries = Files.newDirectoryStream(directory)) {
            if (entries.iterator().hasNext()) {
                throw new PgException(directory + ": is not empty; name a new directory");
            }
        }
        Files.write(directory.resolve("tokenizer.model"), SyntheticTokenizer.model());
        writeJson(directory, "added_tokens.json", Map.of("<image>", SyntheticTokenizer.SIZE));
        writeJson(directory, "preprocessor_config.json", SyntheticConfig.preprocessor(shape));
        writeJson(directory, "generation_config.json", SyntheticConfig.generation());
        writeJson(directory, "config.json", SyntheticConfig.config(shape, dtype));

        List<List<TensorSource>> shards = shards(weights(shape, dtype, seed), shardBytes);
        long bytes = 0;
        Map<String, String> weightMap = new TreeMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String name = shards.size() == 1
                    ? "model.safetensors"
                    : "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
            Safetensors.write(directory.resolve(name), shards.get(i), Map.of("format", "pt"));
            for (TensorSource weight : shards.get(i)) {
                bytes += weight.bytes();
                weightMap.put(weight.name(), name);
            }
        }
        if (shards.size() > 1) {
            Map<String, Object> index = new LinkedHashMap<>();
            index.put("metadata", Map.of("total_size", bytes));
            index.put("weight_map", weightMap);
            writeJson(directory, "model.safetensors.index.json", index);
        }
        return bytes;
    }

    private static List<TensorSource> weights(ModelShape shape, DType dtype, long seed) {
        List<TensorSource> weights = new ArrayList<>(SyntheticWeights.of(shape, seed));
        if (dtype != DType.BF16) {
            weights.replaceAll(weight -> new ConvertedWeight(weight, dtype));
        }
        return weights;
    }

    /** Bytes of the tensors that {@link #write} writes. */
    static long bytes(ModelShape shape, DType dtype) {
        return weights(shape, dtype, 0).stream().mapToLong(TensorSource::bytes).sum();
    }

    private static List<List<TensorSource>> shards(List<TensorSource> weights, long shardBytes) {
        List<List<TensorSource>> shards = new ArrayList<>();
        long room = 0;
        for (TensorSource weight : weights) {
            if (shards.isEmpty() || weight.bytes() > room) {
                shards.add(new ArrayList<>());
                room = shardBytes;
            }
            shards.getLast().add(weight);
            room -= weight.bytes();
        }
        return shards;
    }

    private static void writeJson(Path directory, String name, Object value) throws IOException {
        Files.write(directory.resolve(name), JSON.writeValueAsBytes(value));
    }
}
