package dev.pg.bench;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Workers;
import dev.pg.model.Completion;
import dev.pg.model.ModelOptions;
import dev.pg.model.PaliGemma;
import dev.pg.model.Request;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What adapters beside the weights cost: opens one base with random weights of a published shape, switches among adapters from text to
 * text, and shows how much slower a step of decoding is and what the process holds in memory before and after. The base takes a turn
 * before each adapter, and what is compared are neighbours, so that a machine that changes its speed does not show.
 *
 * <pre>
 *   ./mvnw -q -B -pl bench -am package -DskipTests
 *   java --add-modules jdk.incubator.vector -cp bench/target/bench.jar dev.pg.bench.AdapterCost
 * </pre>
 */
@Command(
        name = "adapter-cost",
        mixinStandardHelpOptions = true,
        description = "Measures what LoRA adapters beside the weights cost in time and memory.")
public final class AdapterCost implements Callable<Integer> {
    /** Few: what stands before a step costs the same with and without an adapter. */
    private static final int PROMPT_TOKENS = 4;

    @Option(names = "--shape", description = "of the base (${DEFAULT-VALUE})", defaultValue = "paligemma2-3b-224")
    private String shape;

    @Option(names = "--layers", description = "layers of the decoder; as published if absent")
    private Integer layers;

    @Option(names = "--adapters", description = "how many (${DEFAULT-VALUE})", defaultValue = "20")
    private int adapters;

    @Option(names = "--rank", description = "of every update (${DEFAULT-VALUE})", defaultValue = "16")
    private int rank;

    @Option(names = "--steps", description = "steps of decoding in one text (${DEFAULT-VALUE})", defaultValue = "8")
    private int steps;

    @Option(names = "--threads", description = "worker threads; one per core if absent")
    private Integer threads;

    /**
     * What was measured.
     *
     * @param base seconds of one step without adapters
     * @param adapted seconds of one step with one
     * @param ratio of the steps with an adapter to those of the base just before
     * @param before memory when the base has written
     * @param opened memory when all adapters are open
     * @param after memory when all adapters have written
     */
    record Costs(Sample base, Sample adapted, Sample ratio, Footprint before, Footprint opened, Footprint after) {}

    public static void main(String[] args) {
        CommandLine command = new CommandLine(new AdapterCost());
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
        int team = threads == null ? Workers.defaultThreads() : threads;
        ModelShape published = ModelShape.of(shape);
        // The tower sees nothing here.
        ModelShape sizes = published.withLayers(layers == null ? published.layers() : layers, 1);
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        try (TemporaryDirectory directory = new TemporaryDirectory()) {
            Path base = directory.path().resolve("base");
            SyntheticCheckpoint.write(base, sizes, DType.BF16, 1, SyntheticCheckpoint.SHARD_BYTES);
            List<Path> folders = new ArrayList<>();
            long parameters = 0;
            for (int i = 0; i < adapters; i++) {
                folders.add(directory.path().resolve("adapter-" + i));
                parameters = SyntheticAdapter.write(folders.get(i), sizes, rank, i);
            }
            out.printf(
                    Locale.ROOT,
                    "%s, %d layers, bf16, %d threads; %d adapters of rank %d, %.1f million parameters each, f32%n",
                    shape,
                    sizes.layers(),
                    team,
                    adapters,
                    rank,
                    parameters / 1e6);
            print(out, measure(base, folders, team, steps));
        }
        return 0;
    }

    static Costs measure(Path base, List<Path> folders, int threads, int steps) {
        try (PaliGemma model = PaliGemma.open(base, ModelOptions.DEFAULT.withThreads(threads))) {
            step(model, steps);
            Footprint before = Footprint.now();
            List<PaliGemma> adapted = folders.stream()
                    .map(folder -> model.withAdapters(List.of(Adapter.open(folder))))
                    .toList();
            Footprint opened = Footprint.now();
            step(adapted.getFirst(), steps); // warms up
            int n = folders.size();
            double[] plain = new double[n];
            double[] with = new double[n];
            double[] ratio = new double[n];
            for (int i = 0; i < n; i++) {
                plain[i] = step(model, steps);
                with[i] = step(adapted.get(i), steps);
                ratio[i] = with[i] / plain[i];
            }
            return new Costs(Sample.of(plain), Sample.of(with), Sample.of(ratio), before, opened, Footprint.now());
        }
    }

    /** Seconds of one step of decoding. */
    private static double step(PaliGemma model, int steps) {
        int[] prompt = new int[PROMPT_TOKENS];
        for (int i = 0; i < PROMPT_TOKENS; i++) {
            prompt[i] = 2 + i;
        }
        GenerationOptions options =
                GenerationOptions.DEFAULT.withMaxTokens(steps + 1).withStopIds(Set.of(Integer.MAX_VALUE));
        Completion text = model.generate(Request.of(prompt), options, TokenListener.NONE);
        return text.timings().decodeSeconds() / steps;
    }

    private static void print(PrintWriter out, Costs costs) {
        out.printf(Locale.ROOT, "a step without adapter  %7.2f ms%n", 1e3 * costs.base.median());
        out.printf(Locale.ROOT, "a step with adapter     %7.2f ms%n", 1e3 * costs.adapted.median());
        out.printf(
                Locale.ROOT,
                "slower by               %7.2f %% (median of the switches)%n",
                100 * (costs.ratio.median() - 1));
        out.println("resident, in MB          mapped files    all else  heap in use");
        print(out, "base has written", costs.before);
        print(out, "adapters are open", costs.opened);
        print(out, "adapters have written", costs.after);
    }

    private static void print(PrintWriter out, String when, Footprint memory) {
        out.printf(
                Locale.ROOT,
                "%-22s %14d %11d %12d%n",
                when,
                memory.files() >> 20,
                memory.anonymous() >> 20,
                memory.heap() >> 20);
    }
}
