package dev.pg.bench;

import dev.pg.kernels.Gemm;
import dev.pg.kernels.Quantization;
import dev.pg.model.ModelOptions;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.quantize.WeightFormats;
import java.util.List;
import java.util.Optional;

/**
 * How to measure.
 *
 * @param threads sizes of the worker teams to measure, at least one, each at least 1
 * @param gemm what computes matrix products
 * @param weights where the weights lie
 * @param quantization what the decoder's weights become when they are loaded; empty to leave them
 * @param runs of each measurement, at least 1
 */
public record BenchOptions(
        List<Integer> threads, Gemm gemm, WeightMemory weights, Optional<Quantization> quantization, int runs) {
    /** Checks that there is something to do. */
    public BenchOptions {
        threads = threads.stream().distinct().sorted().toList();
        if (threads.isEmpty() || threads.getFirst() < 1 || runs < 1) {
            throw new IllegalArgumentException("nothing to do with threads " + threads + " and runs " + runs);
        }
    }

    /** To open the model with the largest team. */
    ModelOptions model() {
        return ModelOptions.DEFAULT
                .withThreads(threads.getLast())
                .withGemm(gemm)
                .withWeights(weights)
                .withFormats(formats());
    }

    /** What is quantised. */
    WeightFormats formats() {
        return new WeightFormats(quantization, Optional.empty());
    }
}
