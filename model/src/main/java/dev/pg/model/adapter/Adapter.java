package dev.pg.model.adapter;

import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.model.ModelTensors;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A LoRA adapter as PEFT saves it: a directory with {@code adapter_config.json} and {@code adapter_model.safetensors}. It holds two
 * small matrices for each adapted linear layer, and perhaps some modules whole ({@code modules_to_save}). Which model it fits shows when
 * a model is given it.
 *
 * <p>The file is mapped for as long as the adapter, or a model that uses it, is in use. Immutable and thread-safe.
 */
public final class Adapter {
    /** The file that holds the tensors. */
    static final String FILE = "adapter_model.safetensors";

    private static final String ROOT = "base_model.model.";
    private static final Pattern FACTOR = Pattern.compile("(.+)\\.lora_([AB])(?:\\.default)?\\.weight");
    private static final String BASE_LAYER = ".base_layer.weight"; // PEFT's copy of an adapted vocabulary projection

    /**
     * The update of one linear layer: scaling·B·A.
     *
     * @param name of the layer in the network that the adapter was trained on
     * @param a [rank × inputs]
     * @param b [outputs × rank]
     * @param scaling alpha / rank, or as rsLoRA has it
     */
    public record Module(String name, Tensor a, Tensor b, double scaling) {
        /** Rank of the update. */
        public int rank() {
            return (int) a.dim(0);
        }

        /** Name of the layer in {@link ModelTensors}. */
        public String role() {
            return Adapter.role(name);
        }
    }

    private final Path directory;
    private final AdapterConfig config;
    private final float weight;
    private final Map<String, Module> modules; // by role
    private final Map<String, Tensor> whole; // by role

    private Adapter(
            Path directory,
            AdapterConfig config,
            float weight,
            Map<String, Module> modules,
            Map<String, Tensor> whole) {
        this.directory = directory;
        this.config = config;
        this.weight = weight;
        this.modules = modules;
        this.whole = whole;
    }

    /** Whether a directory holds an adapter and no model. */
    public static boolean isIn(Path directory) {
        return Files.exists(directory.resolve(AdapterConfig.FILE)) && !Files.exists(directory.resolve("config.json"));
    }

    /**
     * Opens an adapter.
     *
     * @throws PgException if the directory holds none, if it is damaged or incomplete, or of another kind than LoRA
     */
    public static Adapter open(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new PgException(directory + ": " + (Files.exists(directory) ? "not a directory" : "no such directory")
                    + "; give the folder that holds " + AdapterConfig.FILE);
        }
        Path configFile = directory.resolve(AdapterConfig.FILE);
        if (!Files.exists(configFile)) {
            throw new PgException(
                    directory + ": no " + AdapterConfig.FILE + " in it; give the folder of a PEFT adapter");
        }
        AdapterConfig config = AdapterConfig.read(configFile);
        if (!Files.exists(directory.resolve(FILE))) {
            throw new PgException(directory + ": no " + FILE + " in it; "
                    + (Files.exists(directory.resolve("adapter_model.bin"))
                            ? "save the adapter with safe_serialization"
                            : "download the whole folder"));
        }
        Safetensors file = Safetensors.open(directory.resolve(FILE), Arena.ofAuto());
        return new AdapterReader(directory, config).read(file.tensors().values());
    }

    /** Sorts the tensors of one file into pairs and whole modules. */
    private static final class AdapterReader {
        private final Path file;
        private final Path directory;
        private final AdapterConfig config;
        private final Map<String, Tensor> first = new LinkedHashMap<>(); // A by name
        private final Map<String, Tensor> second = new LinkedHashMap<>(); // B by name
        private final Map<String, Tensor> whole = new LinkedHashMap<>();

        AdapterReader(Path directory, AdapterConfig config) {
            this.directory = directory;
            this.file = directory.resolve(FILE);
            this.config = config;
        }

        Adapter read(Collection<Tensor> tensors) {
            for (Tensor tensor : tensors) {
                checkFinite(tensor);
                sort(tensor);
            }
            for (String name : second.keySet()) {
                if (!first.containsKey(name)) {
                    throw new PgException(
                            file + ": has lora_B of \"" + name + "\" but not its lora_A; download it again");
                }
            }
            Map<String, Module> modules = new LinkedHashMap<>();
            for (String name : first.keySet()) {
                Module module = module(name);
                if (modules.put(module.role(), module) != null) {
                    throw new PgException(file + ": two updates are for \"" + name + "\"; keep one of them");
                }
            }
            if (modules.isEmpty() && whole.isEmpty()) {
                throw new PgException(file + ": holds no tensor of an adapter; save it again with PEFT");
            }
            return new Adapter(
                    directory, config, 1, Collections.unmodifiableMap(modules), Collections.unmodifiableMap(whole));
        }

        private void sort(Tensor tensor) {
            String name = tensor.name();
            String inner = name.startsWith(ROOT) ? name.substring(ROOT.length()) : name;
            Matcher factor = FACTOR.matcher(inner);
            if (factor.matches() && config.modules().targets(factor.group(1))) {
                (factor.group(2).equals("A") ? first : second).put(factor.group(1), tensor);
            } else if (inner.endsWith(BASE_LAYER)) {
                putWhole(inner.substring(0, inner.length() - BASE_LAYER.length()) + ".weight", tensor);
            } else if (inner.contains(".lora_embedding_")) {
                throw new PgException(file + ": updates an embedding table (" + tensor
                        + "), which is not supported; merge the adapter into its base with PEFT");
            } else if (!inner.contains(".lora_") && config.holdsWhole(inner)) {
                putWhole(inner, tensor);
            } else {
                throw new PgException(file + ": holds " + tensor + ", which " + AdapterConfig.FILE
                        + " does not name in target_modules or modules_to_save; the two files do not belong together,"
                        + " or it is another kind of adapter than LoRA");
            }
        }

        private void putWhole(String name, Tensor tensor) {
            if (whole.put(ModelTensors.role(name), tensor) != null) {
                throw new PgException(file + ": two tensors stand for \"" + name + "\"; keep one of them");
            }
        }

        private Module module(String name) {
            Tensor a = first.get(name);
            Tensor b = second.get(name);
            if (b == null) {
                throw new PgException(file + ": has lora_A of \"" + name + "\" but not its lora_B; download it again");
            }
            if (a.rank() < 2 || b.rank() < 2 || a.dim(0) != b.dim(1) || b.elements() != b.dim(0) * b.dim(1)) {
                throw new PgException(file + ": " + a + " and " + b + " are no pair: [rank, inputs], [outputs, rank]");
            }
            int rank = config.rank(name);
            if (a.dim(0) != rank || rank == 0 || a.elements() == 0 || b.elements() == 0) {
                throw new PgException(file + ": " + a + " has rank " + a.dim(0) + ", " + AdapterConfig.FILE + " says "
                        + rank + "; the two files do not belong together");
            }
            return new Module(name, a, b, config.scaling(name));
        }

        private void checkFinite(Tensor tensor) {
            for (float value : tensor.toFloats()) {
                if (!Float.isFinite(value)) {
                    throw new PgException(file + ": " + tensor
                            + " holds NaN or infinity; the training failed or the file is damaged");
                }
            }
        }
    }

    /** The name in {@link ModelTensors} of the layer that a network calls {@code module}. */
    static String role(String module) {
        String role = ModelTensors.role(module + ".weight");
        return role.substring(0, role.length() - ".weight".length());
    }

    /**
     * The same adapter with its updates multiplied by {@code factor}, in place of the factor before.
     *
     * @throws PgException if the factor is not finite, or if it is not 1 and the adapter holds modules whole
     */
    public Adapter withWeight(float factor) {
        if (!Float.isFinite(factor)) {
            throw new PgException(directory + ": the weight of an adapter must be a number, not " + factor);
        }
        if (factor != 1 && !whole.isEmpty()) {
            throw new PgException(directory + ": holds modules whole ("
                    + whole.keySet().iterator().next() + "), so it cannot be weighted by " + factor
                    + "; use it with weight 1");
        }
        return new Adapter(directory, config, factor, modules, whole);
    }

    public Path directory() {
        return directory;
    }

    public AdapterConfig config() {
        return config;
    }

    /** Factor on all updates, 1 unless {@link #withWeight} changed it. */
    public float weight() {
        return weight;
    }

    /** The updates, in the order of the file. */
    public Collection<Module> modules() {
        return modules.values();
    }

    /** The update of the layer that {@link ModelTensors} calls {@code role}. */
    Optional<Module> module(String role) {
        return Optional.ofNullable(modules.get(role));
    }

    /** The tensors that replace those of the base, by their names in {@link ModelTensors}. */
    public Map<String, Tensor> whole() {
        return whole;
    }

    /** Parameters in all. */
    public long parameters() {
        return modules.values().stream()
                        .mapToLong(m -> m.a().elements() + m.b().elements())
                        .sum()
                + whole.values().stream().mapToLong(Tensor::elements).sum();
    }

    @Override
    public String toString() {
        return weight == 1 ? directory.toString() : directory + ":" + weight;
    }
}
