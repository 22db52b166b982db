package dev.pg.model.adapter;

import dev.pg.core.Checkpoint;
import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.core.TensorSource;
import dev.pg.kernels.LowRank;
import dev.pg.kernels.Weights;
import dev.pg.model.DerivedCheckpoint;
import dev.pg.model.Model;
import dev.pg.model.ModelOptions;
import dev.pg.model.ModelOptions.AdapterUse;
import dev.pg.model.ModelTensors;
import dev.pg.model.quantize.QuantizedTensors;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A checkpoint with adapters merged into it, as a directory that any program for such checkpoints opens. Weights are added in float32 while
 * they are written, and rounded to the type that the base has, so neither base nor result need fit into memory.
 */
public final class MergedCheckpoint {
    private static final String EMBEDDINGS = "language_model.embed_tokens.weight";
    private static final String LM_HEAD = "lm_head";

    private final Checkpoint base;
    private final List<Adapter> adapters;
    private final Map<String, Tensor> roles = new HashMap<>();

    private MergedCheckpoint(Checkpoint base, List<Adapter> adapters) {
        this.base = base;
        this.adapters = adapters;
        base.names().forEach(name -> roles.put(ModelTensors.role(name), base.tensor(name)));
    }

    /**
     * Writes the checkpoint.
     *
     * @param directory of the base
     * @param adapters those of one layer are summed
     * @param out a directory that does not exist or is empty; appears when it is complete
     * @throws PgException if an adapter does not fit the base, the base is quantised, or {@code out} cannot be written
     */
    public static void write(Path directory, List<Adapter> adapters, Path out) {
        // A model that takes the adapters is proof that they fit; opening it reads no weights.
        ModelOptions options = ModelOptions.DEFAULT.withThreads(1).withAdapters(adapters, AdapterUse.BESIDE);
        try (Model fitting = Model.open(directory, options);
                Checkpoint base = Checkpoint.open(fitting.directory())) {
            if (QuantizedTensors.areIn(base.metadata())) {
                throw new PgException(
                        directory
                                + ": is quantised, and updates cannot be added to so few bits; merge them into the original and quantise the result");
            }
            MergedCheckpoint merged = new MergedCheckpoint(base, adapters);
            DerivedCheckpoint.write(base, out, merged::write);
        }
    }

    private void write(Path directory) throws IOException {
        List<TensorSource> tensors = new ArrayList<>();
        for (String name : base.names()) {
            tensors.add(merged(name, ModelTensors.role(name), base.tensor(name)));
        }
        if (untied()) {
            Tensor embeddings = roles.get(EMBEDDINGS);
            String name = embeddings.name().startsWith("language_model.") ? "language_model.lm_head" : LM_HEAD;
            tensors.add(merged(name + ".weight", LM_HEAD + ".weight", embeddings));
            untie(directory.resolve("config.json"));
        }
        Safetensors.write(directory.resolve(DerivedCheckpoint.WEIGHTS), tensors, base.metadata());
    }

    /** True if the output projection was the embedding table, and the adapters change one of the two. */
    private boolean untied() {
        boolean changed = adapters.stream()
                .anyMatch(a -> a.module(LM_HEAD).isPresent()
                        || a.whole().containsKey(LM_HEAD + ".weight")
                        || a.whole().containsKey(EMBEDDINGS));
        return changed && !roles.containsKey(LM_HEAD + ".weight");
    }

    private static void untie(Path file) throws IOException {
        JsonMapper mapper = JsonMapper.shared();
        ObjectNode config = (ObjectNode) mapper.readTree(Files.readAllBytes(file));
        config.put("tie_word_embeddings", false);
        if (config.path("text_config") instanceof ObjectNode text) {
            text.put("tie_word_embeddings", false);
        }
        Files.writeString(file, mapper.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n");
    }

    /** The tensor in {@code role}, whose base is {@code tensor}, under {@code name}. */
    private TensorSource merged(String name, String role, Tensor tensor) {
        Tensor source = tensor;
        List<LowRank> updates = new ArrayList<>();
        for (Adapter adapter : adapters) {
            Tensor whole = adapter.whole().get(role);
            source = whole == null ? source : whole;
            if (role.endsWith(".weight")) {
                adapter.module(role.substring(0, role.length() - ".weight".length()))
                        .ifPresent(module -> updates.add(
                                LowRank.of(module.a(), module.b(), (float) (module.scaling() * adapter.weight()))));
            }
        }
        return updates.isEmpty() ? source.withName(name) : new Sum(name, source, Weights.of(source), updates);
    }

    /** Weights and their updates, added up row by row when they are asked for. */
    private record Sum(String name, Tensor source, Weights weights, List<LowRank> updates) implements TensorSource {
        @Override
        public DType dtype() {
            return source.dtype();
        }

        @Override
        public long[] shape() {
            return source.shape();
        }

        @Override
        public void copyTo(MemorySegment target, long offset) {
            int cols = weights.cols();
            long first = offset / dtype().bytes();
            int count = (int) (target.byteSize() / dtype().bytes());
            int row = (int) (first / cols);
            int rows = (int) ((first + count - 1) / cols) - row + 1;
            float[] values = new float[rows * cols];
            weights.unpack(row, rows, 0, cols, values, 0, cols);
            for (LowRank update : updates) {
                update.addRows(row, rows, values, 0);
            }
            int from = (int) (first - (long) row * cols);
            float[] wanted = new float[count];
            System.arraycopy(values, from, wanted, 0, count);
            Tensor.round(wanted, dtype(), target);
        }
    }
}
