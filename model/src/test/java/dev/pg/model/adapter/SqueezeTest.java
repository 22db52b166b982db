package dev.pg.model.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.PgException;
import dev.pg.model.adapter.Squeeze.Squeezed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Squeezed adapters against the optimum that numpy's decomposition gives. */
class SqueezeTest {
    private static final Path LORA = AdapterFolder.GOLDEN.resolve("lora");
    private static final JsonNode OPTIMUM =
            JsonMapper.shared().readTree(LORA.resolve("rank/squeeze.json").toFile());

    @TempDir
    Path directory;

    private Path out() {
        return directory.resolve("squeezed");
    }

    private static Squeeze rank(int rank, boolean exact) {
        return new Squeeze(OptionalInt.of(rank), OptionalDouble.empty(), exact, 8, 1);
    }

    /** ΔW in double precision, from what stands in the files. */
    private static double[] update(Adapter.Module module) {
        float[] a = module.a().toFloats();
        float[] b = module.b().toFloats();
        int rank = module.rank();
        int inputs = a.length / rank;
        double[] w = new double[b.length / rank * inputs];
        for (int i = 0; i < w.length; i++) {
            for (int r = 0; r < rank; r++) {
                w[i] += module.scaling() * b[i / inputs * rank + r] * a[r * inputs + i % inputs];
            }
        }
        return w;
    }

    private static double distance(double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += (x[i] - y[i]) * (x[i] - y[i]);
        }
        return Math.sqrt(sum);
    }

    @ParameterizedTest
    @CsvSource({"8, true, 1.0001", "4, true, 1.0001", "8, false, 1.02", "4, false, 1.02"})
    void isAsNearAsTheRankAllows(int rank, boolean exact, double factor) {
        Adapter before = Adapter.open(LORA.resolve("rank"));
        List<Squeezed> report = rank(rank, exact).write(before, out());
        Adapter after = Adapter.open(out());
        assertThat(after.modules()).hasSameSizeAs(before.modules());
        for (Squeezed one : report) {
            Adapter.Module from = before.module(Adapter.role(one.name())).orElseThrow();
            Adapter.Module to = after.module(Adapter.role(one.name())).orElseThrow();
            assertThat(to.rank()).isEqualTo(rank);
            assertThat(to.a().name()).isEqualTo(from.a().name());
            JsonNode optimum = OPTIMUM.path("modules").path("base_model.model." + one.name());
            double best =
                    optimum.path("best_error").path("" + rank).path("absolute").doubleValue();
            double error = distance(update(from), update(to));
            assertThat(error).as(one.name()).isLessThanOrEqualTo(best * factor);
            double total = Math.pow(optimum.path("frobenius").doubleValue(), 2);
            assertThat(one.energy()).isCloseTo(1 - error * error / total, within(1e-4));
        }
    }

    /** rsLoRA, rank and alpha patterns, both towers: what is written means what was read. */
    @Test
    void keepsAnUpdateWhoseRankIsLowEnough() {
        Adapter before = Adapter.open(LORA.resolve("rslora"));
        rank(8, false).write(before, out());
        Adapter after = Adapter.open(out());
        assertThat(after.config().rsLora()).isTrue();
        for (Adapter.Module module : before.modules()) {
            Adapter.Module now = after.module(module.role()).orElseThrow();
            assertThat(now.rank()).isEqualTo(Math.min(8, module.rank()));
            if (module.rank() <= 8) {
                double[] update = update(module);
                assertThat(distance(update, update(now)))
                        .isLessThan(1e-6 * distance(update, new double[update.length]));
            }
        }
    }

    /** Ranks that PEFT or we would not read again must not get into the configuration. */
    @Test
    void keepsAllOfAnUpdateThatIsSmallerThanTheRank() {
        Adapter before = Adapter.open(LORA.resolve("rank"));
        rank(1 << 20, true).write(before, out());
        Adapter after = Adapter.open(out());
        assertThat(after.modules()).hasSameSizeAs(before.modules()).allMatch(module -> module.rank() == 16);
    }

    @Test
    void choosesRanksByEnergy() {
        Adapter before = Adapter.open(LORA.resolve("rank"));
        Squeeze squeeze = new Squeeze(OptionalInt.empty(), OptionalDouble.of(0.95), false, 8, 1);
        for (Squeezed one : squeeze.write(before, out())) {
            JsonNode s = OPTIMUM.path("modules")
                    .path("base_model.model." + one.name())
                    .path("singular_values");
            double total = 0;
            double kept = 0;
            for (int i = 0; i < s.size(); i++) {
                double square = Math.pow(s.get(i).doubleValue(), 2);
                total += square;
                kept += i < one.after() - 1 ? square : 0;
            }
            assertThat(one.energy()).isBetween(0.95, 1.0);
            assertThat(kept / total).as("one rank less").isLessThan(0.95);
        }
        Adapter after = Adapter.open(out());
        assertThat(after.modules().stream().map(Adapter.Module::rank).distinct().count())
                .isGreaterThan(1);
    }

    @Test
    void neverWritesOverAnything() {
        Adapter adapter = Adapter.open(LORA.resolve("rank"));
        rank(4, true).write(adapter, out());
        assertThatThrownBy(() -> rank(4, true).write(adapter, out()))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("not empty");
        assertThat(Files.exists(out().resolve(Adapter.FILE))).isTrue();
    }

    @Test
    void refusesImpossibleSizes() {
        assertThatThrownBy(() -> rank(0, true)).hasMessageContaining("rank");
        assertThatThrownBy(() -> new Squeeze(OptionalInt.empty(), OptionalDouble.of(1.5), true, 8, 1))
                .hasMessageContaining("energy");
        assertThatThrownBy(() -> new Squeeze(OptionalInt.empty(), OptionalDouble.empty(), true, 8, 1))
                .hasMessageContaining("either");
    }
}
