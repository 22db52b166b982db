package dev.pg.model.adapter;

import dev.pg.core.AtomicDirectory;
import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes an adapter smaller after its training: each update ΔW is replaced by the nearest one of a lower rank, which is its truncated singular
 * value decomposition (Eckart and Young). Post-Squeeze of LoRA-Squeeze, arXiv 2602.10993.
 *
 * @param rank ranks of all updates, or empty to choose each by {@code energy}
 * @param energy share of the sum of squares of each update that it keeps at least, above 0 and at most 1
 * @param exact whether to decompose the whole update; else a random sample of it, which is faster at high ranks
 * @param oversample columns of the sample beyond the rank
 * @param power iterations that sharpen the sample
 */
public record Squeeze(OptionalInt rank, OptionalDouble energy, boolean exact, int oversample, int power) {
    /** The same adapter gives the same bytes. */
    private static final long SEED = 1;

    /**
     * What became of one update.
     *
     * @param name of the layer
     * @param before its rank
     * @param after its rank now
     * @param total sum of the squares of its elements before
     * @param kept how much of that is left
     */
    public record Squeezed(String name, int before, int after, double total, double kept) {
        /** Share of the energy that is kept, from 0 to 1. */
        public double energy() {
            return total > 0 ? Math.min(kept / total, 1) : 1;
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Factors(double[][] b, double[][] at, Squeezed result) {}

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if one is out of range, or not exactly one of rank and energy is given
     */
    public Squeeze {
        if (rank.isPresent() == energy.isPresent()) {
            throw new IllegalArgumentException("give either a rank or an energy");
        }
        if (rank.isPresent() && rank.getAsInt() < 1) {
            throw new IllegalArgumentException("the rank must be 1 or more, not " + rank.getAsInt());
        }
        if (energy.isPresent() && !(energy.getAsDouble() > 0 && energy.getAsDouble() <= 1)) {
            throw new IllegalArgumentException("the energy must be above 0 and at most 1, not " + energy.getAsDouble());
        }
        if (oversample < 0 || power < 0) {
            throw new IllegalArgumentException("oversample and power must be 0 or more");
        }
    }

    /**
     * Writes the squeezed adapter: the same configuration but for ranks and alphas, the same names, types and whole modules.
     *
     * @param out a directory that does not exist or is empty
     * @return what became of each update, in the order of the adapter
     * @throws PgException if the directory cannot be written
     */
    public List<Squeezed> write(Adapter adapter, Path out) {
        List<Adapter.Module> modules = List.copyOf(adapter.modules());
        // Independent, and each as long as its rank squared: the one place where threads of the common pool do.
        List<Factors> squeezed = modules.parallelStream().map(this::squeeze).toList();
        List<Squeezed> results = squeezed.stream().map(Factors::result).toList();
        int common = results.stream().mapToInt(Squeezed::after).max().orElse(1);
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < modules.size(); i++) {
            addTensors(tensors, adapter.config(), modules.get(i), squeezed.get(i));
        }
        tensors.addAll(adapter.whole().values());
        AtomicDirectory.write(out, directory -> {
            Safetensors.write(directory.resolve(Adapter.FILE), tensors, Map.of("format", "pt"));
            Files.writeString(
                    directory.resolve(AdapterConfig.FILE),
                    config(adapter.directory().resolve(AdapterConfig.FILE), common, results));
        });
        return results;
    }

    /** B and Aᵀ of rank k with the singular values divided evenly between them; their product is ΔW, scaling included. */
    private Factors squeeze(Adapter.Module module) {
        double[][] b = columns(module.b().toFloats(), module.rank(), module.scaling());
        double[][] at = rows(module.a().toFloats(), module.rank());
        double total = Svd.energy(b, at);
        // Random samples show only the largest singular values, so a share of all of them needs them all.
        Svd svd = exact || rank.isEmpty()
                ? Svd.exact(b, at)
                : Svd.randomised(b, at, rank.getAsInt(), oversample, power, SEED);
        int k = Math.min(rank.orElseGet(() -> rankFor(svd.s(), total)), module.rank());
        double kept = 0;
        for (int i = 0; i < k; i++) {
            kept += svd.s()[i] * svd.s()[i];
        }
        return new Factors(
                scaled(svd.u(), svd.s(), k),
                scaled(svd.v(), svd.s(), k),
                new Squeezed(module.name(), module.rank(), k, total, kept));
    }

    private int rankFor(double[] s, double total) {
        double sum = 0;
        for (int k = 0; k < s.length; k++) {
            sum += s[k] * s[k];
            if (sum >= energy.orElseThrow() * total * (1 - 1e-12)) {
                return k + 1;
            }
        }
        return s.length;
    }

    private static double[][] scaled(double[][] columns, double[] s, int count) {
        return IntStream.range(0, count)
                .mapToObj(i ->
                        Arrays.stream(columns[i]).map(x -> x * Math.sqrt(s[i])).toArray())
                .toArray(double[][]::new);
    }

    private static double[][] columns(float[] values, int cols, double factor) {
        double[][] out = new double[cols][values.length / cols];
        for (int i = 0; i < values.length; i++) {
            out[i % cols][i / cols] = factor * values[i];
        }
        return out;
    }

    private static double[][] rows(float[] values, int rows) {
        int cols = values.length / rows;
        double[][] out = new double[rows][cols];
        for (int i = 0; i < values.length; i++) {
            out[i / cols][i % cols] = values[i];
        }
        return out;
    }

    /** The factors without the scaling that the new configuration will give them. */
    private static void addTensors(List<Tensor> tensors, AdapterConfig config, Adapter.Module module, Factors factors) {
        int k = factors.result.after;
        double factor = 1 / Math.sqrt(config.scaling(k, k));
        int outputs = factors.b[0].length;
        int inputs = factors.at[0].length;
        float[] a = new float[k * inputs];
        float[] b = new float[outputs * k];
        for (int r = 0; r < k; r++) {
            for (int i = 0; i < inputs; i++) {
                a[r * inputs + i] = (float) (factor * factors.at[r][i]);
            }
            for (int i = 0; i < outputs; i++) {
                b[i * k + r] = (float) (factor * factors.b[r][i]);
            }
        }
        long[] shapeOfA = module.a().shape();
        shapeOfA[0] = k;
        long[] shapeOfB = module.b().shape();
        shapeOfB[1] = k;
        tensors.add(Tensor.ofFloats(module.a().name(), module.a().dtype(), a, shapeOfA));
        tensors.add(Tensor.ofFloats(module.b().name(), module.b().dtype(), b, shapeOfB));
    }

    /** Each alpha is its rank, so that alpha / rank is 1. */
    private static String config(Path original, int common, List<Squeezed> results) throws IOException {
        JsonMapper mapper = JsonMapper.shared();
        ObjectNode config = (ObjectNode) mapper.readTree(Files.readAllBytes(original));
        config.put("r", common);
        config.put("lora_alpha", common);
        ObjectNode ranks = config.putObject("rank_pattern");
        ObjectNode alphas = config.putObject("alpha_pattern");
        for (Squeezed result : results) {
            if (result.after != common) {
                ranks.put(result.name, result.after);
                alphas.put(result.name, result.after);
            }
        }
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n";
    }
}
