package dev.pg.kernels;

import java.util.List;
import java.util.function.Function;

/** How the weights of a decoder lie in memory, which decides what kernels it needs beside those of every decoder. */
final class Layout {
    /** Rows of bfloat16, as in the file. */
    static final Layout ROWS = new Layout(ColdKernels::rows);

    /** {@link Bf16Panels}. */
    static final Layout PANELS = new Layout(ColdKernels::panels);

    private static final Layout Q8 = new Layout(all -> all.quantized(Quantization.Q8));
    private static final Layout Q4 = new Layout(all -> all.quantized(Quantization.Q4));

    private final Function<ColdKernels, List<Runnable>> kernels;

    private Layout(Function<ColdKernels, List<Runnable>> kernels) {
        this.kernels = kernels;
    }

    /** The layout of a format. */
    static Layout of(Quantization format) {
        return switch (format) {
            case Q8 -> Q8;
            case Q4 -> Q4;
        };
    }

    /** Those of all kernels that it needs. */
    List<Runnable> kernels(ColdKernels all) {
        return kernels.apply(all);
    }
}
