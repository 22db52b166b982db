package dev.pg.kernels;

import static dev.pg.kernels.PageVectors.BLOCK;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;

/**
 * The sums of {@link MaxSim} that stay in registers: dot products of some vectors of a query with as many vectors of a page as two registers
 * have lanes. A component of the page is read straight on from where it lies and widened in registers, and the same component of each
 * query vector is broadcast against both. See {@link Tile} for why the sums are written out, one by one.
 *
 * <p>Tried and slower (Zen 4, int8, fraction of the multiply-add peak): 0.66 against one register, where each multiply-add needs a broadcast
 * of its own; 0.59 by way of floats in the L1 cache, whose copying is not hidden by anything. This way: 0.81.
 */
final class MaxSimTile {
    private MaxSimTile() {}

    /** Query vectors of a small tile: its eight sums and the operands stay in 16 registers. */
    static final int SMALL = 4;

    private static final int FOR_32_REGISTERS = 10;

    /** The most query vectors that a tile takes on this machine. */
    static final int LARGE = Tile.best() instanceof Tiles32 ? FOR_32_REGISTERS : SMALL;

    /**
     * most[r][i] = max(most[r][i], q[r]·page[block][i]). Apart from the products: a maximum takes registers of its own, and C2 would keep sums on
     * the stack for it while they are added up.
     *
     * @param rows query vectors: {@link #SMALL} or {@link #LARGE}
     * @param q [dim × rows]
     * @param products scratch, at least [rows × BLOCK]
     * @param most [rows × BLOCK]
     */
    static void raise(
            int rows, float[] q, int qo, PageVectors page, int block, float[] products, float[] most, int mo) {
        multiply(rows, q, qo, page, block, products);
        for (int i = 0; i < rows * BLOCK; i += VectorSupport.LANES) {
            FloatVector.fromArray(Species.FLOAT, most, mo + i)
                    .max(FloatVector.fromArray(Species.FLOAT, products, i))
                    .intoArray(most, mo + i);
        }
    }

    /** products[r][i] = q[r]·page[block][i]; parameters as of {@link #raise}. */
    private static void multiply(int rows, float[] q, int qo, PageVectors page, int block, float[] products) {
        switch (page.dtype()) {
            case F32 -> MaxSimF32.multiply(rows, q, qo, page, block, products);
            case F16 -> MaxSimF16.multiply(rows, q, qo, page, block, products);
            default -> MaxSimI8.multiply(rows, q, qo, page, block, products);
        }
    }
}
