package dev.pg.model.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Checkpoint;
import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.kernels.Quantization;
import dev.pg.kernels.QuantizedWeights;
import dev.pg.model.Model;
import dev.pg.model.ModelOptions;
import dev.pg.model.ModelOptions.AdapterUse;
import dev.pg.model.Trace;
import dev.pg.model.TraceInput;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.adapter.MergedCheckpoint;
import dev.pg.model.config.ConfigNode;
import dev.pg.model.config.TextConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizedCheckpointTest {
    private static final Path GOLDEN = Path.of(System.getProperty("pg.testdata"), "golden");
    private static final int[] IDS = {2, 17, 430, 5, 5, 911, 88, 3, 700, 12, 41, 959, 640, 7, 230, 18, 18, 4, 511};

    @TempDir
    Path folder;

    /** Forgets all it hears. */
    private static class Silent implements QuantizedCheckpoint.Listener {
        @Override
        public void start(int steps) {}

        @Override
        public void step() {}

        @Override
        public void wrote(QuantizedCheckpoint.Report report) {}
    }

    private Path quantize(Path base, WeightFormats formats, String name) {
        Path out = folder.resolve(name);
        QuantizedCheckpoint.write(base, formats, 2, out, new Silent());
        return out;
    }

    private static float[] logits(Path directory, ModelOptions options) {
        return logits(directory, options, IDS);
    }

    private static float[] logits(Path directory, ModelOptions options, int[] ids) {
        TraceInput input = new TraceInput(
                List.of(), Optional.empty(), Optional.empty(), List.of(), Optional.of(ids), Optional.empty());
        try (Model model = Model.open(directory, options)) {
            return Trace.run(model, input).stream()
                    .filter(t -> t.name().equals("logits"))
                    .findFirst()
                    .orElseThrow()
                    .toFloats();
        }
    }

    /**
     * The whole way from the file to the logits, with and without an adapter beside the weights, against double arithmetic on the numbers
     * that the bits stand for. A single token is rounded before each product, to some nine bits.
     */
    @ParameterizedTest
    @CsvSource({
        "gemma1-text, Q8, false",
        "gemma1-text, Q4, true",
        "gemma2-text, Q8, true",
        "gemma2-text, Q4, false",
        "gemma2-text, Q4, true"
    })
    void computesAsDoubleArithmeticOnItsWeights(String name, Quantization format, boolean adapted) {
        Path directory = quantize(GOLDEN.resolve(name), WeightFormats.text(format), "out");
        List<Adapter> adapters =
                adapted ? List.of(RandomAdapter.write(directory, folder.resolve("adapter"))) : List.of();
        ModelOptions options = ModelOptions.DEFAULT.withAdapters(adapters, AdapterUse.BESIDE);
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            DoubleGemma oracle = oracle(checkpoint, adapters);
            assertClose(logits(directory, options, IDS), oracle.logits(IDS), 1e-4);
            int[] one = {IDS[1]};
            assertClose(logits(directory, options, one), oracle.logits(one), 0.02);
        }
    }

    private static DoubleGemma oracle(Checkpoint checkpoint, List<Adapter> adapters) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        checkpoint.names().forEach(tensor -> tensors.put(tensor, checkpoint.tensor(tensor)));
        Path directory = checkpoint.directory();
        Map<String, QuantizedWeights> weights =
                QuantizedTensors.of(directory, tensors, checkpoint.metadata()).weights();
        TextConfig config = TextConfig.read(ConfigNode.read(directory.resolve("config.json")), true);
        assertThat(weights).hasSize(1 + 7 * config.layers());
        return new DoubleGemma(
                config, norm -> doubles(tensors.get("model." + norm + ".weight").toFloats()), matrix -> {
                    double[][] w = doubles(weights.get("model." + matrix + ".weight"));
                    for (Adapter adapter : adapters) {
                        adapter.modules().stream()
                                .filter(module -> module.name().equals("model." + matrix))
                                .forEach(module -> RandomAdapter.add(module, w));
                    }
                    return w;
                });
    }

    private static void assertClose(float[] actual, double[][] expected, double tolerance) {
        double largest = Arrays.stream(expected)
                .flatMapToDouble(Arrays::stream)
                .map(Math::abs)
                .max()
                .orElseThrow();
        int vocabulary = expected[0].length;
        assertThat(actual).hasSize(expected.length * vocabulary);
        for (int i = 0; i < actual.length; i++) {
            assertThat((double) actual[i])
                    .isCloseTo(expected[i / vocabulary][i % vocabulary], within(tolerance * largest));
        }
    }

    private static double[] doubles(float[] values) {
        double[] out = new double[values.length];
        Arrays.setAll(out, i -> values[i]);
        return out;
    }

    private static double[][] doubles(QuantizedWeights weights) {
        double[][] out = new double[weights.rows()][];
        float[] row = new float[weights.cols()];
        for (int r = 0; r < out.length; r++) {
            weights.copyRow(r, row, 0);
            out[r] = doubles(row);
        }
        return out;
    }

    /** What is quantised while loading is what stands in the file. */
    @ParameterizedTest
    @EnumSource
    void loadingGivesTheSameBitsAsTheFile(Quantization format) {
        Path base = GOLDEN.resolve("gemma2-text");
        WeightFormats formats = WeightFormats.text(format);
        float[] quantized =
                logits(base, ModelOptions.DEFAULT.withFormats(formats).withThreads(1));
        assertThat(quantized)
                .isEqualTo(logits(quantize(base, formats, "out"), ModelOptions.DEFAULT))
                .isNotEqualTo(logits(base, ModelOptions.DEFAULT));
    }

    @Test
    void threadsChangeNoByte() throws IOException {
        Path base = GOLDEN.resolve("paligemma2");
        WeightFormats formats = new WeightFormats(Optional.of(Quantization.Q4), Optional.of(Quantization.Q8));
        Path two = quantize(base, formats, "two").resolve("model.safetensors");
        QuantizedCheckpoint.write(base, formats, 1, folder.resolve("one"), new Silent());
        assertThat(Files.mismatch(two, folder.resolve("one/model.safetensors"))).isEqualTo(-1);
    }

    @Test
    void keepsNormsBiasesVisionAndAllFiles() throws IOException {
        Path base = GOLDEN.resolve("paligemma2");
        Path out = quantize(base, WeightFormats.text(Quantization.Q8), "out");
        Map<String, Tensor> before = tensors(base);
        Map<String, Tensor> after = tensors(out);
        int kept = 0;
        for (Tensor tensor : before.values()) {
            if (after.containsKey(tensor.name())) {
                assertThat(after.get(tensor.name()).data().mismatch(tensor.data()))
                        .isEqualTo(-1);
                kept++;
            } else {
                assertThat(tensor.name()).startsWith("language_model.");
                assertThat(after).containsKeys(tensor.name() + ".q8", tensor.name() + ".levels");
            }
        }
        assertThat(kept).isPositive();
        assertThat(after.keySet())
                .anyMatch(name -> name.startsWith("vision_tower"))
                .noneMatch(name -> name.contains("vision_tower") && name.endsWith(".q8"));
        try (Stream<Path> files = Files.list(base)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
                assertThat(out.resolve(file.getFileName())).hasSameBinaryContentAs(file);
            }
        }
    }

    private static Map<String, Tensor> tensors(Path directory) {
        return Safetensors.open(directory.resolve("model.safetensors"), Arena.ofAuto())
                .tensors();
    }

    /** One message for each way in which a file can be wrong. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            pg.quantized.version    | 2                         | quantise the original again
            pg.quantized.version    | 4                         | use a newer pg
            pg.quantized.version    | one                       | pg.quantized.version = one
            pg.quantized.version    |                           | pg.quantized.version = null
            pg.quantized.group_size | 32                        | groups of 32, this pg reads groups of 16
            pg.quantized.group_size |                           | pg.quantized.group_size = null
            pg.quantized.shapes     |                           | lack a JSON object pg.quantized.shapes
            pg.quantized.shapes     | {                         | lack a JSON object pg.quantized.shapes
            pg.quantized.shapes     | {}                        | give no shape of
            pg.quantized.shapes     | {"nobody": [2, 2]}        | lacks the weights of "nobody"
            pg.quantized.shapes     | {"model.embed_tokens.weight": [960, 65]}  | groups of 16
            pg.quantized.shapes     | {"model.embed_tokens.weight": [960]}      | not that of a matrix
            pg.quantized.shapes     | {"model.embed_tokens.weight": [960, -1]}  | not that of a matrix
            pg.quantized.shapes     | {"model.embed_tokens.weight": [959, 64]}  | give no shape of
            """)
    void saysWhatIsWrongWithTheMetadata(String key, String value, String message) {
        assertRefused(
                metadata -> {
                    if (value == null) {
                        metadata.remove(key);
                    } else {
                        metadata.put(key, value);
                    }
                },
                tensors -> {},
                message);
    }

    @Test
    void saysWhatIsWrongWithTheTensors() {
        String name = "model.layers.1.mlp.up_proj.weight";
        assertRefused(
                m -> {},
                tensors -> tensors.remove(name + ".levels"),
                name + ".levels\" beside them, which are missing");
        assertRefused(m -> {}, tensors -> tensors.remove(name + ".q8"), "lacks the weights of \"" + name);
        assertRefused(
                m -> {},
                tensors -> tensors.put(name + ".q4", tensors.get(name + ".q8").withName(name + ".q4")),
                "as Q8 and as Q4");
        assertRefused(
                m -> {},
                tensors -> tensors.put(
                        name + ".q8",
                        tensors.get("model.layers.1.mlp.down_proj.weight.q8").withName(name + ".q8")),
                "groups of 16");
        assertRefused(
                m -> {},
                tensors -> tensors.put(name + ".levels", Tensor.ofFloats(name + ".levels", new float[7], 7)),
                "16 levels");
    }

    private void assertRefused(
            Consumer<Map<String, String>> metadata, Consumer<Map<String, Tensor>> tensors, String message) {
        Path out = folder.resolve("out");
        if (!Files.exists(out)) {
            quantize(GOLDEN.resolve("gemma2-text"), WeightFormats.text(Quantization.Q8), "out");
        }
        Path file = out.resolve("model.safetensors");
        Safetensors sound = Safetensors.open(file, Arena.ofAuto());
        Map<String, String> strings = new HashMap<>(sound.metadata());
        Map<String, Tensor> parts = new LinkedHashMap<>(sound.tensors());
        metadata.accept(strings);
        tensors.accept(parts);
        Safetensors.write(file, parts.values(), strings);
        assertThatThrownBy(() -> Model.open(out, ModelOptions.DEFAULT))
                .isInstanceOf(PgException.class)
                .hasMessageStartingWith(out.toString())
                .hasMessageContaining(message);
        Safetensors.write(file, sound.tensors().values(), sound.metadata());
    }

    @Test
    void refusesATruncatedFile() throws IOException {
        Path out = quantize(GOLDEN.resolve("gemma2-text"), WeightFormats.text(Quantization.Q8), "out");
        Path file = out.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
        assertThatThrownBy(() -> Model.open(out, ModelOptions.DEFAULT)).isInstanceOf(PgException.class);
    }

    @Test
    void refusesWhatIsQuantised() {
        Path out = quantize(GOLDEN.resolve("paligemma2"), WeightFormats.text(Quantization.Q8), "out");
        assertThatThrownBy(() -> quantize(out, WeightFormats.text(Quantization.Q4), "again"))
                .hasMessageContaining("quantised already");
        assertThatThrownBy(() -> MergedCheckpoint.write(
                        out, List.of(Adapter.open(GOLDEN.resolve("lora/rank"))), folder.resolve("merged")))
                .hasMessageContaining("is quantised")
                .hasMessageContaining("merge them into the original");
        ModelOptions other = ModelOptions.DEFAULT.withFormats(WeightFormats.text(Quantization.Q4));
        assertThatThrownBy(() -> Model.open(out, other)).hasMessageContaining("cannot become Q4");
    }

    @Test
    void saysIfThereIsNothingToQuantise() {
        Path base = GOLDEN.resolve("siglip-vision");
        WeightFormats formats = WeightFormats.text(Quantization.Q8);
        assertThatThrownBy(() -> quantize(base, formats, "out")).hasMessageContaining("no weights of the kind");
        assertThatThrownBy(() -> Model.open(base, ModelOptions.DEFAULT.withFormats(formats)))
                .hasMessageContaining("no weights of the kind");
    }

    /** Whatever ends the work early, no file is left. */
    @Test
    void leavesNothingBehindWhenItFails() throws IOException {
        Path base = GOLDEN.resolve("gemma2-text");
        List<Integer> steps = new ArrayList<>();
        for (int last = 1; last < 60; last += 7) {
            int end = last;
            assertThatThrownBy(() -> QuantizedCheckpoint.write(
                            base, WeightFormats.text(Quantization.Q8), 2, folder.resolve("out"), new Silent() {
                                @Override
                                public void step() {
                                    steps.add(1);
                                    if (steps.size() >= end) {
                                        throw new PgException("enough");
                                    }
                                }
                            }))
                    .hasMessage("enough");
            steps.clear();
            try (Stream<Path> left = Files.list(folder)) {
                assertThat(left).isEmpty();
            }
        }
    }
}
