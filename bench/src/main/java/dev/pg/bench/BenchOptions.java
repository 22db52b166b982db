package dev.pg.bench;

import dev.pg.kernels.Gemm;
import dev.pg.model.ModelOptions;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.quantize.WeightFormats;
import java.util.Comparator;
import java.util.List;

/**
 * How to measure.
 *
 * @param threads sizes of the worker teams to measure, at least one, each at least 1
 * @param gemm what computes matrix products
 * @param weights where the weights lie
 * @param formats what the weights become when they are loaded, at least one; all are measured in turn
 * @param runs of each measurement, at least 1
 */
public record BenchOptions(
        List<Integer> threads, Gemm gemm, WeightMemory weights, List<WeightFormats> formats, int runs) {
    /** Checks that there is something to do, and puts teams in order of size and formats that stay as they are first. */
    public BenchOptions {
        threads = threads.stream().distinct().sorted().toList();
        formats = formats.stream()
                .distinct()
                .sorted(Comparator.comparing(format -> format.text().isPresent()))
                .toList();
        if (threads.isEmpty() || threads.getFirst() < 1 || formats.isEmpty() || runs < 1) {
            throw new IllegalArgumentException(
                    "nothing to do with threads " + threads + ", formats " + formats + " and runs " + runs);
        }
    }

    /** To open the model with the largest team. */
    ModelOptions model(WeightFormats format) {
        return ModelOptions.DEFAULT
                .withThreads(threads.getLast())
                .withGemm(gemm)
                .withWeights(weights)
                .withFormats(format);
    }
}
