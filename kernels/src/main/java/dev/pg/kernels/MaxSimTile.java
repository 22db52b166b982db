package dev.pg.kernels;

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
     * most[r][i] = max(most[r][i], q[r]·page[block][i]).
     *
     * @param rows query vectors: {@link #SMALL} or {@link #LARGE}
     * @param q [dim × rows]
     * @param most [rows × BLOCK]
     */
    static void raise(int rows, float[] q, int qo, PageVectors page, int block, float[] most, int mo) {
        switch (page.dtype()) {
            case F32 -> MaxSimF32.raise(rows, q, qo, page, block, most, mo);
            case F16 -> MaxSimF16.raise(rows, q, qo, page, block, most, mo);
            default -> MaxSimI8.raise(rows, q, qo, page, block, most, mo);
        }
    }
}
