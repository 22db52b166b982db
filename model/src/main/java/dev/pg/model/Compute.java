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
    /** Rows of a block, at most: as many as a matrix product unpacks a weight for at once. */
    private static final int BLOCK_ROWS = 320;

    /** Floats of the widest vectors. */
    private static final int BLOCK_STEP = 16;

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

    /**
     * Rows that go through the products of a layer together, in a pass over {@code rows} of them. The buffers of a block, wide ones among them,
     * bound the memory of a pass over thousands of image tokens.
     *
     * @return {@code rows} if they are one block; else blocks of much the same size in whole vectors, the last one with what is left
     */
    public static int blockRows(int rows) {
        int blocks = Math.ceilDiv(rows, BLOCK_ROWS);
        return blocks <= 1 ? rows : Math.ceilDiv(Math.ceilDiv(rows, blocks), BLOCK_STEP) * BLOCK_STEP;
    }

    /** Stops the team. */
    @Override
    public void close() {
        workers.close();
    }
}
