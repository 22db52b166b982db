package dev.pg.model;

import dev.pg.core.Workers;
import dev.pg.kernels.Gemm;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How to open a model. Immutable; start from {@link #DEFAULT} and change what differs.
 *
 * @param threads size of the worker team, at least 1
 * @param gemm what computes matrix products
 * @param finalSoftCap whether logits pass through the soft cap that Gemma 2 configs name
 * @param maskDecoder file of the decoder that turns {@code <seg>} tokens into masks; empty to look for {@code vae-oid.npz} or
 *     {@code vae-oid.safetensors} in the model's directory
 */
public record ModelOptions(int threads, Gemm gemm, FinalSoftCap finalSoftCap, Optional<Path> maskDecoder) {

    /** The choice that moves log-probabilities, sampling and beams, but no greedy text. */
    public enum FinalSoftCap {
        /** As transformers 5.18: on for a Gemma 2 by itself, off inside PaliGemma 2. */
        AS_TRANSFORMERS,
        /** As big_vision, gemma.cpp and transformers up to 4.51. */
        ON,
        OFF
    }

    /** All cores, the fastest kernels there are, numerics as transformers. */
    public static final ModelOptions DEFAULT =
            new ModelOptions(Workers.defaultThreads(), Gemm.best(), FinalSoftCap.AS_TRANSFORMERS, Optional.empty());

    /**
     * Checks the number of threads.
     *
     * @throws IllegalArgumentException if {@code threads} is below 1
     */
    public ModelOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be 1 or more, not " + threads);
        }
    }

    public ModelOptions withThreads(int value) {
        return new ModelOptions(value, gemm, finalSoftCap, maskDecoder);
    }

    public ModelOptions withGemm(Gemm value) {
        return new ModelOptions(threads, value, finalSoftCap, maskDecoder);
    }

    public ModelOptions withFinalSoftCap(FinalSoftCap value) {
        return new ModelOptions(threads, gemm, value, maskDecoder);
    }

    public ModelOptions withMaskDecoder(Path file) {
        return new ModelOptions(threads, gemm, finalSoftCap, Optional.of(file));
    }
}
