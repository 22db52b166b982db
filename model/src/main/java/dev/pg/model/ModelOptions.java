package dev.pg.model;

import dev.pg.core.Workers;
import dev.pg.kernels.Gemm;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.quantize.WeightFormats;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How to open a model. Immutable; start from {@link #DEFAULT} and change what differs.
 *
 * @param threads size of the worker team, at least 1
 * @param gemm what computes matrix products
 * @param weights where the weights lie
 * @param formats which weights are quantised while the model is opened; they lie in memory of their own then
 * @param finalSoftCap whether logits pass through the soft cap that Gemma 2 configs name
 * @param maskDecoder file of the decoder that turns {@code <seg>} tokens into masks; empty to look for {@code vae-oid.npz} or
 *     {@code vae-oid.safetensors} in the model's directory
 * @param adapters LoRA adapters of the model, those of one layer summed; {@link Model#withAdapters} changes them later
 * @param adapterUse where the adapters go
 * @param maxPatches most patches of a picture, 1 to {@value #MAX_PATCHES}; for a NaFlex model only, which otherwise takes what its files say
 */
public record ModelOptions(
        int threads,
        Gemm gemm,
        WeightMemory weights,
        WeightFormats formats,
        FinalSoftCap finalSoftCap,
        Optional<Path> maskDecoder,
        List<Adapter> adapters,
        AdapterUse adapterUse,
        OptionalInt maxPatches) {

    /** The largest budget of patches: 4096 x 4096 pixels in patches of 16. */
    public static final int MAX_PATCHES = 1 << 16;

    /** What becomes of adapters. */
    public enum AdapterUse {
        /** They stand beside the weights: nothing is copied, and each layer computes a little more. */
        BESIDE,
        /** They are added to float32 copies of the matrices that they adapt: slower to open and larger, no slower to run. */
        MERGED
    }

    /** Where the weights lie while the model is open. */
    public enum WeightMemory {
        /** In the file, mapped: nothing is copied, and processes that open the same file share its memory. */
        MAPPED,
        /**
         * In memory of their own with pages of 2 MB, the decoder's in bfloat16 arranged for decoding: slower to open, faster to read, most of
         * all for several sequences. For steady serving. Log-probabilities may differ in the last bits.
         */
        RESIDENT
    }

    /** The choice that moves log-probabilities, sampling and beams, but no greedy text. */
    public enum FinalSoftCap {
        /** As transformers 5.18: on for a Gemma 2 by itself, off inside PaliGemma 2. */
        AS_TRANSFORMERS,
        /** As big_vision, gemma.cpp and transformers up to 4.51. */
        ON,
        OFF
    }

    /** All cores, the fastest kernels there are, mapped weights, numerics as transformers. */
    public static final ModelOptions DEFAULT = new ModelOptions(
            Workers.defaultThreads(),
            Gemm.best(),
            WeightMemory.MAPPED,
            WeightFormats.AS_STORED,
            FinalSoftCap.AS_TRANSFORMERS,
            Optional.empty(),
            List.of(),
            AdapterUse.BESIDE,
            OptionalInt.empty());

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if {@code threads} or {@code maxPatches} is out of its range
     */
    public ModelOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be 1 or more, not " + threads);
        }
        if (maxPatches.isPresent() && (maxPatches.getAsInt() < 1 || maxPatches.getAsInt() > MAX_PATCHES)) {
            throw new IllegalArgumentException(
                    "maxPatches must be 1 to " + MAX_PATCHES + ", not " + maxPatches.getAsInt());
        }
        adapters = List.copyOf(adapters);
    }

    public ModelOptions withThreads(int value) {
        return new ModelOptions(
                value, gemm, weights, formats, finalSoftCap, maskDecoder, adapters, adapterUse, maxPatches);
    }

    public ModelOptions withGemm(Gemm value) {
        return new ModelOptions(
                threads, value, weights, formats, finalSoftCap, maskDecoder, adapters, adapterUse, maxPatches);
    }

    public ModelOptions withWeights(WeightMemory value) {
        return new ModelOptions(
                threads, gemm, value, formats, finalSoftCap, maskDecoder, adapters, adapterUse, maxPatches);
    }

    public ModelOptions withFormats(WeightFormats value) {
        return new ModelOptions(
                threads, gemm, weights, value, finalSoftCap, maskDecoder, adapters, adapterUse, maxPatches);
    }

    public ModelOptions withFinalSoftCap(FinalSoftCap value) {
        return new ModelOptions(threads, gemm, weights, formats, value, maskDecoder, adapters, adapterUse, maxPatches);
    }

    public ModelOptions withMaskDecoder(Path file) {
        return new ModelOptions(
                threads, gemm, weights, formats, finalSoftCap, Optional.of(file), adapters, adapterUse, maxPatches);
    }

    public ModelOptions withAdapters(List<Adapter> value, AdapterUse use) {
        return new ModelOptions(threads, gemm, weights, formats, finalSoftCap, maskDecoder, value, use, maxPatches);
    }

    public ModelOptions withMaxPatches(int value) {
        return new ModelOptions(
                threads,
                gemm,
                weights,
                formats,
                finalSoftCap,
                maskDecoder,
                adapters,
                adapterUse,
                OptionalInt.of(value));
    }
}
