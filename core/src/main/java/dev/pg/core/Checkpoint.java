package dev.pg.core;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The weights of a Hugging Face checkpoint directory under one name space: {@code model.safetensors}, or the shards that
 * {@code model.safetensors.index.json} lists. {@link #open} maps them, which costs milliseconds: pages come from disk when they are
 * first touched. {@link #openResident} copies them into memory of their own.
 *
 * <p>Thread-safe, except that {@link #close} must not run while somebody computes with the tensors: they throw
 * {@link IllegalStateException} from then on.
 */
public final class Checkpoint implements AutoCloseable {
    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private final Path directory;
    private Arena arena = Arena.ofShared();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private Checkpoint(Path directory) {
        this.directory = directory;
    }

    /**
     * Opens the weights of a directory.
     *
     * @throws PgException if there are none, if a shard or one of its tensors is missing, or if a file is damaged
     */
    public static Checkpoint open(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new PgException(directory + (Files.exists(directory) ? ": is a file" : ": no such directory")
                    + "; give the directory that holds " + SINGLE);
        }
        Checkpoint checkpoint = new Checkpoint(directory);
        try {
            if (Files.exists(directory.resolve(SINGLE), LinkOption.NOFOLLOW_LINKS)) {
                checkpoint.addFile();
            } else if (Files.isRegularFile(directory.resolve(INDEX))) {
                checkpoint.addShards();
            } else {
                throw new PgException(directory + ": " + whyNoWeights(directory));
            }
            return checkpoint;
        } catch (Throwable e) {
            checkpoint.close();
            throw e;
        }
    }

    /**
     * Opens the weights of a directory and copies them into huge pages: half a second or more per gigabyte, then no file is needed any
     * more and reading them all, as each decoded token does, is faster. For steady serving.
     *
     * @param workers who copies; not closed by this
     * @throws PgException as {@link #open}, and if the weights are larger than the memory that is free
     */
    public static Checkpoint openResident(Path directory, Workers workers) {
        Checkpoint checkpoint = open(directory);
        try {
            checkpoint.checkRoom(FreeMemory.bytes());
            checkpoint.moveIntoMemory(workers);
            return checkpoint;
        } catch (Throwable e) {
            checkpoint.close();
            throw e;
        }
    }

    /** Without it, Linux grants the memory and kills somebody when it is used. */
    void checkRoom(long free) {
        if (bytes() > free) {
            throw new PgException(String.format(
                    Locale.ROOT,
                    "%s: weights of %.1f GB do not fit into the %.1f GB of memory that are free; use mapped weights",
                    directory,
                    bytes() / 1e9,
                    free / 1e9));
        }
    }

    private void moveIntoMemory(Workers workers) {
        Arena memory = Arena.ofShared();
        try {
            ResidentCopy copy = new ResidentCopy(tensors.values(), memory);
            workers.run(copy.pieces(), copy);
            tensors.replaceAll((name, tensor) -> copy.of(tensor));
        } catch (Throwable e) {
            memory.close();
            throw e;
        }
        arena.close();
        arena = memory;
    }

    private void addFile() {
        Safetensors file = Safetensors.open(directory.resolve(SINGLE), arena);
        tensors.putAll(file.tensors());
        metadata.putAll(file.metadata());
    }

    /** Tensors that lie in a shard but are not in the index stay invisible, as in transformers. */
    private void addShards() {
        Map<String, String> index = ShardIndex.read(directory.resolve(INDEX));
        List<String> missing = index.values().stream()
                .distinct()
                .filter(shard -> !Files.exists(directory.resolve(shard)))
                .toList();
        if (!missing.isEmpty()) {
            throw new PgException(directory + ": shards that " + INDEX + " lists are missing: "
                    + String.join(", ", missing) + "; download them");
        }
        Map<String, Safetensors> shards = new TreeMap<>();
        index.forEach((name, shard) -> {
            Safetensors file = shards.computeIfAbsent(shard, s -> Safetensors.open(directory.resolve(s), arena));
            Tensor tensor = file.tensors().get(name);
            if (tensor == null) {
                throw new PgException(directory.resolve(shard) + ": lacks tensor \"" + name + "\", which " + INDEX
                        + " says it holds; download both files again");
            }
            tensors.put(name, tensor);
        });
        shards.values().forEach(shard -> shard.metadata().forEach(metadata::putIfAbsent));
    }

    private static String whyNoWeights(Path directory) {
        String wanted = "no " + SINGLE + " and no " + INDEX + " in it; ";
        try (Stream<Path> files = Files.list(directory)) {
            List<String> weights = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches(".*\\.(safetensors|bin|pth?|ckpt|gguf|npz|msgpack|h5|onnx)"))
                    .sorted()
                    .limit(3)
                    .toList();
            if (weights.isEmpty()) {
                return wanted + "give a downloaded Hugging Face checkpoint";
            }
            boolean shards = weights.stream().anyMatch(name -> name.matches("model-\\d+-of-\\d+\\.safetensors"));
            return wanted + "it holds " + String.join(", ", weights)
                    + (shards ? ": download the index too" : ": get or convert the weights as safetensors");
        } catch (IOException e) {
            throw PgException.cannotRead(directory, e);
        }
    }

    /** The directory, as given to {@link #open}. */
    public Path directory() {
        return directory;
    }

    /** The names of all tensors, in the order of the file or of the index. */
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    /** Whether there is a tensor of that name. */
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /**
     * The tensor of most bytes.
     *
     * @throws PgException if there are no tensors
     */
    public Tensor largest() {
        return names().stream()
                .map(this::tensor)
                .max(Comparator.comparingLong(t -> t.data().byteSize()))
                .orElseThrow(
                        () -> new PgException(directory + ": no tensors in its files; download the checkpoint again"));
    }

    /**
     * The tensor of that name.
     *
     * @throws PgException if there is none
     */
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new PgException(directory + ": no tensor \"" + name + "\" among its " + tensors.size()
                    + "; the checkpoint is incomplete or of another architecture");
        }
        return tensor;
    }

    /**
     * The tensor of that name, of the shape that the configuration asks for.
     *
     * @throws PgException if there is none, or it has another shape
     */
    public Tensor tensor(String name, long... shape) {
        Tensor tensor = tensor(name);
        if (!Arrays.equals(tensor.shape(), shape)) {
            throw new PgException(directory + ": tensor \"" + name + "\" is " + Arrays.toString(tensor.shape())
                    + ", config.json says " + Arrays.toString(shape) + "; use the config.json of this checkpoint");
        }
        return tensor;
    }

    /** The strings that the writer of the file attached; those of all shards together. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    /** Bytes of all tensors together. */
    public long bytes() {
        return tensors.values().stream().mapToLong(t -> t.data().byteSize()).sum();
    }

    /** Unmaps the files or frees the memory. Closing twice does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
