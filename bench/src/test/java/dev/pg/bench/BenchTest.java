package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.kernels.Gemm;
import dev.pg.kernels.Quantization;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.quantize.WeightFormats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole runs, on shapes that take no time. */
class BenchTest {
    private static final ModelShape TINY =
            new ModelShape(2, new ModelShape.Vision(28, 14, 3, 24, 40, 2), 4, 32, 48, 4, 2, 256, 256);
    private static final Path GOLDEN = Path.of(System.getProperty("pg.testdata"), "golden");
    private static final long PROBE_BYTES = 8 << 20;

    /** Remembers what it heard. */
    private static final class Listener implements BenchListener {
        final List<Object> heard = new ArrayList<>();

        @Override
        public void started(Report.Subject subject) {
            heard.add(subject);
        }

        @Override
        public void doing(String what) {}

        @Override
        public void measured(Machine machine) {
            heard.add(machine);
        }

        @Override
        public void measured(Result result) {
            heard.add(result);
        }
    }

    private final Listener listener = new Listener();

    private Bench bench(WeightMemory weights, Integer... threads) {
        return bench(weights, List.of(WeightFormats.AS_STORED), threads);
    }

    private Bench bench(WeightMemory weights, List<WeightFormats> formats, Integer... threads) {
        BenchOptions options = new BenchOptions(List.of(threads), Gemm.best(), weights, formats, 2);
        return new Bench(options, listener, PROBE_BYTES);
    }

    @ParameterizedTest
    @EnumSource(WeightMemory.class)
    void everyStageIsMeasured(WeightMemory weights) {
        Report report = bench(weights, 1, 2).shape("tiny", TINY, DType.BF16, OptionalInt.empty());

        assertThat(report.subject().isSlice()).isFalse();
        assertThat(report.machine().fmaGflops()).containsOnlyKeys(1, 2);
        assertThat(report.machine().mappedGbps()).containsOnlyKeys(1, 2);
        assertThat(report.machine().hugeGbps()).containsOnlyKeys(1, 2);
        assertThat(report.results())
                .extracting(Result::name, Result::tokens, Result::batch, Result::threads)
                .containsExactly(
                        tuple("load", 0, 1, 2),
                        tuple("first-caption", 8, 1, 2),
                        tuple("caption", 8, 1, 2),
                        tuple("warm-up", 8, 1, 2),
                        tuple("preprocess", 4, 1, 1),
                        tuple("tokenizer", report.results().get(5).tokens(), 1, 1),
                        tuple("vision", 4, 1, 1),
                        tuple("prefill", 8, 1, 1),
                        tuple("decode", 8, 1, 1),
                        tuple("decode", 8, 8, 1),
                        tuple("prefill", 12, 1, 1),
                        tuple("decode", 12, 1, 1),
                        tuple("decode", 12, 8, 1),
                        tuple("prefill", 8, 4, 1),
                        tuple("vision", 4, 1, 2),
                        tuple("prefill", 8, 1, 2),
                        tuple("decode", 8, 1, 2),
                        tuple("decode", 8, 8, 2),
                        tuple("prefill", 12, 1, 2),
                        tuple("decode", 12, 1, 2),
                        tuple("decode", 12, 8, 2),
                        tuple("prefill", 8, 4, 2));
        assertThat(report.results()).allSatisfy(result -> {
            assertThat(result.dtype()).isEqualTo("BF16");
            assertThat(result.rate()).isPositive().isFinite();
            assertThat(result.spread()).isNotNegative().isFinite();
            assertThat(result.limit().isPresent())
                    .isEqualTo(result.fraction().isPresent())
                    .isEqualTo(List.of("vision", "prefill", "decode").contains(result.name()));
            result.limit()
                    .ifPresent(limit -> assertThat(result.rate() / limit)
                            .isCloseTo(result.fraction().getAsDouble(), within(1e-9)));
        });
        List<Object> told = new ArrayList<>(report.results());
        told.add(6, report.machine());
        told.addFirst(report.subject());
        assertThat(listener.heard).containsExactlyElementsOf(told);
    }

    @Test
    void aSliceSaysSoAndIsScaled() {
        Report report = bench(WeightMemory.MAPPED, 1).shape("tiny", TINY, DType.F32, OptionalInt.of(1));

        Report.Subject subject = report.subject();
        assertThat(subject.isSlice()).isTrue();
        assertThat(List.of(subject.layers(), subject.allLayers(), subject.visionLayers(), subject.allVisionLayers()))
                .containsExactly(1, 4, 1, 3);
        assertThat(report.results())
                .extracting(Result::name)
                .doesNotContain("load", "caption")
                .contains("vision", "prefill", "decode");
        assertThat(report.results()).extracting(Result::dtype).containsOnly("F32");

        // Time and rate give the work of all layers. Slice and whole may lie on two sides of the ridge, if next to it.
        Result vision = report.results().stream()
                .filter(result -> result.name().equals("vision"))
                .findAny()
                .orElseThrow();
        double weights = 588 * 24 + 3 * (4 * 24 * 24 + 2 * 24 * 40) + 24 * 32;
        double attention = 3 * 2 * 4 * 4 * 24;
        double flops = 2 * (4 * weights + attention);
        double work = vision.unit().equals("GFLOP/s") ? flops : weights * Float.BYTES;
        assertThat(vision.seconds() * vision.rate() * 1e9).isCloseTo(work, withinPercentage(2));
    }

    /** A step reads 8.5 bits for each weight of the decoder; the tower stays as it is. */
    @Test
    void weightsAreQuantisedWhileTheyAreLoaded(@TempDir Path directory) throws IOException {
        SyntheticCheckpoint.write(directory, TINY, DType.BF16, 1, SyntheticCheckpoint.SHARD_BYTES);
        WeightFormat format = WeightFormat.read(directory, WeightFormats.text(Quantization.Q8));
        assertThat(format.bytesPerWeight()).isEqualTo(8.5 / 8);
        assertThat(format.visionBytesPerWeight()).isEqualTo(2);
        assertThat(format.made()).isTrue();
        assertThat(WeightFormat.read(directory, WeightFormats.AS_STORED).made()).isFalse();
        assertThat(bench(WeightMemory.MAPPED, List.of(WeightFormats.text(Quantization.Q8)), 1)
                        .model(directory, Optional.empty())
                        .results())
                .extracting(Result::dtype)
                .containsOnly("Q8");
    }

    /** What stays as it is comes first in every stage, though it is the last to be opened: resident weights are rearranged then. */
    @Test
    void formatsAreMeasuredInTurn() {
        List<WeightFormats> formats = List.of(
                WeightFormats.text(Quantization.Q8), WeightFormats.AS_STORED, WeightFormats.text(Quantization.Q4));
        Report report = bench(WeightMemory.RESIDENT, formats, 2).shape("tiny", TINY, DType.BF16, OptionalInt.empty());

        List<Result> stages = report.results().stream()
                .filter(result -> result.fraction().isPresent())
                .toList();
        assertThat(stages).hasSize(3 * 8);
        for (int i = 0; i < stages.size(); i += 3) {
            List<Result> turn = stages.subList(i, i + 3);
            assertThat(turn).extracting(Result::dtype).containsExactly("BF16", "Q8", "Q4");
            Result first = turn.getFirst();
            assertThat(turn)
                    .extracting(Result::name, Result::tokens, Result::batch)
                    .containsOnly(tuple(first.name(), first.tokens(), first.batch()));
        }
        assertThat(report.results())
                .extracting(Result::name, Result::dtype)
                .contains(tuple("caption", "BF16"), tuple("caption", "Q8"), tuple("caption", "Q4"));
    }

    @Test
    void aCheckpointOnDiskIsMeasured() {
        Path model = GOLDEN.resolve("paligemma1");
        Report report = bench(WeightMemory.MAPPED, 1).model(model, Optional.of(DType.F32));
        assertThat(report.subject().model()).isEqualTo(model.toString());
        assertThat(report.results())
                .extracting(Result::name)
                .contains("load", "first-caption", "caption", "vision", "prefill", "decode");
    }

    @Test
    void otherModelsAreRefused() {
        Bench bench = bench(WeightMemory.MAPPED, 1);
        assertThatExceptionOfType(PgException.class)
                .isThrownBy(() -> bench.model(GOLDEN.resolve("gemma2-text"), Optional.empty()))
                .withMessageContaining("config.json: \"model_type\" is \"gemma2\", expected \"paligemma\"");
        assertThatExceptionOfType(PgException.class)
                .isThrownBy(() -> bench.model(GOLDEN, Optional.empty()))
                .withMessageContaining("no config.json");
        assertThatExceptionOfType(PgException.class)
                .isThrownBy(() -> bench.shape("paligemma3", DType.BF16, OptionalInt.empty()))
                .withMessageContaining("no shape \"paligemma3\"");
        assertThatExceptionOfType(PgException.class)
                .isThrownBy(() -> bench.model(GOLDEN.resolve("paligemma1"), Optional.of(DType.BF16)))
                .withMessageContaining("its weights are F32, not BF16");
    }

    @Test
    void nothingIsLeftBehind() throws Exception {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        List<Path> before = benchDirectories(temporary);
        bench(WeightMemory.MAPPED, 1).shape("tiny", TINY, DType.F16, OptionalInt.of(1));
        assertThat(benchDirectories(temporary)).isSubsetOf(before);
    }

    private static List<Path> benchDirectories(Path temporary) throws Exception {
        try (var files = Files.list(temporary)) {
            return files.filter(file -> file.getFileName().toString().startsWith("pg-bench-"))
                    .toList();
        }
    }
}
