package dev.pg.model;

import dev.pg.core.Workers;
import dev.pg.kernels.Attention;
import dev.pg.kernels.Gemm;
import dev.pg.kernels.MatMul;

/**
 * What a forward pass computes with: a team of workers and the kernels that own scratch memory. Not thread-safe: one forward
 * pass at a time.
 *
 * @param workers the team
 * @param matMul matrix products on that team
 * @param attention attention on that team
 */
public record Compute(Workers workers, MatMul matMul, Attention attention) implements AutoCloseable {
    /**
     * Starts a team.
     *
     * @param threads its size, at least 1
     * @param gemm what computes matrix products
     */
    public static Compute start(int threads, Gemm gemm) {
        Workers workers = new Workers(threads);
        return new Compute(workers, new MatMul(workers, gemm), new Attention(workers));
    }

    /** Stops the team. */
    @Override
    public void close() {
        workers.close();
    }
}
