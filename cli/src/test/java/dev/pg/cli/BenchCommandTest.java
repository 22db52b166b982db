package dev.pg.cli;

import static dev.pg.cli.Run.PALIGEMMA_2;
import static dev.pg.cli.Run.pg;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class BenchCommandTest {
    private static final Set<String> LIMITED = Set.of("vision", "prefill", "decode");

    @Test
    void jsonHoldsLimitsAndResults() {
        JsonNode report = pg("bench", "--json", "--runs", 1, "--threads", "1,2", "--model", PALIGEMMA_2)
                .object();

        JsonNode machine = report.path("machine");
        for (String threads : Set.of("1", "2")) {
            assertThat(machine.path("fma_gflops").path(threads).doubleValue()).isPositive();
            assertThat(machine.path("read_gbps").path("mapped").path(threads).doubleValue())
                    .isPositive();
            assertThat(machine.path("read_gbps").path("huge").path(threads).doubleValue())
                    .isPositive();
        }
        assertThat(report.path("results")
                        .valueStream()
                        .map(result -> result.path("name").stringValue()))
                .contains("load", "first-caption", "caption", "warm-up", "preprocess", "vision", "prefill", "decode");
        assertThat(report.path("results").valueStream()).isNotEmpty().allSatisfy(result -> {
            assertThat(result.propertyNames())
                    .contains(
                            "name",
                            "threads",
                            "dtype",
                            "tokens",
                            "batch",
                            "seconds",
                            "rate",
                            "unit",
                            "limit",
                            "fraction",
                            "spread");
            assertThat(result.path("limit").isNumber())
                    .isEqualTo(result.path("fraction").isNumber())
                    .isEqualTo(LIMITED.contains(result.path("name").stringValue()));
        });
    }

    @Test
    void theTableHasARowForEachStage() {
        Run run = pg("bench", "--quiet", "--runs", 1, "--threads", 1, "--weights", "resident", "--model", PALIGEMMA_2);
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("resident weights of 0.00 GB")
                .containsPattern("limits of 1 thread: \\d+ GFLOP/s, reads \\d+\\.\\d GB/s from mapped files")
                .containsPattern("(?m)^vision +F32 +16 +1 +1 +[0-9.]+ ms +[0-9.e-]+ G(B|FLOP)/s +\\d+% +0% +[0-9.e+]+$")
                .containsPattern("(?m)^decode +F32 +20 +8 +1 ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--threads 0 | --threads must be 1 or more",
                "--threads 2,0 | --threads must be 1 or more",
                "--runs 0 | --runs must be 1 or more",
                "--shape paligemma2-3b-224 --layers 0 | --layers must be 1 or more",
                "--layers 2 | give --shape",
                "--dtype f16,q8,f32 | --dtype takes one of f32, f16 and bf16 a run, not [F16, F32]",
                "--shape paligemma2-3b-224 --dtype i64 | expected one of [F32, F16, BF16, Q8, Q4]",
            })
    void misuseIsNamed(String arguments, String message) {
        Run run = pg((Object[]) ("bench " + arguments).split(" "));
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains(message);
    }

    @Test
    void anUnknownShapeIsNamed() {
        Run run = pg("bench", "--shape", "paligemma4");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).startsWith("pg: no shape \"paligemma4\"; choose one of");
    }
}
