package dev.pg.cli;

import dev.pg.bench.Machine;
import dev.pg.bench.Report;
import dev.pg.bench.Result;
import dev.pg.kernels.VectorSupport;
import java.util.Locale;

/** A benchmark for people: a row as soon as it is measured, since a large model takes minutes. */
final class BenchTable extends BenchProgress {
    private boolean headed;

    BenchTable(Console console) {
        super(console);
    }

    @Override
    public void started(Report.Subject subject) {
        console.result(String.format(
                Locale.ROOT,
                "%s, %s weights of %.2f GB, %s, Java %s",
                subject.model(),
                subject.weights(),
                subject.bytes() / 1e9,
                VectorSupport.describe(),
                Runtime.version()));
        if (subject.isSlice()) {
            console.result(String.format(
                    Locale.ROOT,
                    "running %d of %d decoder and %d of %d vision layers; times of vision, prefill and decode are scaled to all",
                    subject.layers(),
                    subject.allLayers(),
                    subject.visionLayers(),
                    subject.allVisionLayers()));
        }
    }

    @Override
    public void measured(Machine machine) {
        console.result("");
        machine.fmaGflops()
                .forEach((threads, gflops) -> console.result(String.format(
                        Locale.ROOT,
                        "limits of %d thread%s: %.0f GFLOP/s, reads %.1f GB/s from mapped files, %.1f GB/s from huge pages",
                        threads,
                        threads == 1 ? "" : "s",
                        gflops,
                        machine.mappedGbps().get(threads),
                        machine.hugeGbps().get(threads))));
        headed = false;
    }

    @Override
    public void measured(Result r) {
        if (!headed) {
            console.result("");
            console.result(
                    "stage         dtype tokens batch threads       time                  rate of limit spread  per second");
            headed = true;
        }
        console.result(String.format(
                Locale.ROOT,
                "%-13s %-5s %6d %5d %7d %10s %10.4g %-10s %8s %5.0f%% %11.4g",
                r.name(),
                r.dtype(),
                r.tokens(),
                r.batch(),
                r.threads(),
                r.seconds() < 1
                        ? String.format(Locale.ROOT, "%.2f ms", 1000 * r.seconds())
                        : String.format(Locale.ROOT, "%.2f s", r.seconds()),
                r.rate(),
                r.unit(),
                r.fraction().isPresent()
                        ? String.format(
                                Locale.ROOT, "%.0f%%", 100 * r.fraction().getAsDouble())
                        : "",
                100 * r.spread(),
                r.perSecond()));
    }
}
