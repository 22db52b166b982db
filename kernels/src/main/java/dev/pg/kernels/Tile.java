package dev.pg.kernels;

import java.lang.foreign.MemorySegment;

/**
 * The register tiles of one kind of processor: small products whose sums stay in vector registers all along. This is where nearly
 * all of the time of a forward pass is spent.
 *
 * <p>A tile multiplies some rows of weights with a panel of tokens, a few vectors wide. Each step loads the panel's vectors once, and
 * broadcasts one weight after the other against them: an outer product. The sums of one token and one row thus run through a single
 * lane in the order of k, whatever the tile: its shape does not change a bit of the result.
 *
 * <p>What C2 makes of such a method hangs on details, all of them measured (Zen 4, fraction of the peak):
 * <ul>
 *   <li>More sums than registers: C2 spills, half the speed. See the implementations for what fits.
 *   <li>Inlined into the block loops, the same code is unrolled and spills: half the speed. A method of more than 325 bytecodes
 *       ({@code FreqInlineSize}) is never inlined; the sums are written out one by one for that, too. A test counts the bytes.
 *   <li>Rows of weights lie {@link PackedGemm#STRIDE} floats apart, a constant of the compiler: one index register serves all rows.
 *       Interleaving the rows is no faster (0.93 to 0.99 either way) and would make unpacking a transposition.
 *   <li>Vectors of tokens begin at a cache line, which only memory outside the heap can promise. In an array they cross one, as a rule, and a processor with
 *       two 512-bit multiply-add units waits for that: 170 instead of 195 GFLOP/s (Intel Xeon with AMX).
 * </ul>
 */
interface Tile {
    /** Into how many panels to divide {@code vectors} vectors of tokens; the panels differ by at most one vector. */
    int panels(int vectors);

    /** Rows of weights that a tile takes for a panel of {@code vectors} vectors. */
    int rows(int vectors);

    /**
     * sums[r][t] += Σ w[r][k]·x[k][t], for k in [0, depth), {@code rows(vectors)} rows r and all tokens t of the panel.
     *
     * @param vectors width of the panel
     * @param w weights; row r starts at {@code wo + r * STRIDE}
     * @param x the panel [k × tokens] in little-endian floats, from byte {@code xo} on; at a cache line, for speed
     * @param sums row r starts at {@code so + r * stride}
     */
    void multiply(
            int vectors, int depth, float[] w, int wo, MemorySegment x, long xo, float[] sums, int so, int stride);

    /** The tiles for this machine. */
    static Tile best() {
        boolean arm = "aarch64".equals(System.getProperty("os.arch"));
        return arm || VectorSupport.LANES == 16 ? new Tiles32() : new Tiles16();
    }
}
