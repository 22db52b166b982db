package dev.pg.kernels;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * A low-rank update of the weights of a {@link Linear}: ΔW = scale·B·A, as LoRA trains it (Hu et al. 2021, arXiv 2106.09685, equation
 * 3). It is used in two ways: beside the weights, where y = x·Wᵀ becomes y + (x·Aᵀ)·(scale·B)ᵀ and costs little more than reading A and
 * B; or added to a copy of them.
 *
 * <p>Immutable, and as thread-safe as the memory behind A.
 */
public final class LowRank {
    /** Columns of one pass: their parts of a few rows of factors stay in the L1 cache. */
    private static final int COLUMNS = 1024;

    /** Rows of weights that are merged at once: the factors are unpacked once for all of them. */
    private static final int MERGED_ROWS = 64;

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Weights down; // A [rank × cols]
    private final float[] up; // scale·Bᵀ [rank × rows]: a step of the sum reads straight on
    private final int rows;

    private LowRank(Weights down, float[] up, int rows) {
        this.down = down;
        this.up = up;
        this.rows = rows;
    }

    /**
     * The update scale·B·A.
     *
     * @param a [rank × inputs], of any shape that {@link Weights#of} takes; a view is kept
     * @param b [outputs × rank], or [outputs × rank × 1 × 1] for a convolution; copied
     * @throws PgException if the ranks differ or are 0, or B has another shape
     */
    public static LowRank of(Tensor a, Tensor b, float scale) {
        Weights down = Weights.of(a);
        if (b.rank() < 2 || down.rows() < 1 || b.dim(1) != down.rows() || b.elements() != b.dim(0) * b.dim(1)) {
            throw new PgException(
                    a + " and " + b + " are no low-rank pair: A must be [rank, inputs], B [outputs, rank]");
        }
        int rank = down.rows();
        float[] factors = b.toFloats();
        int rows = factors.length / rank;
        float[] up = new float[factors.length];
        for (int row = 0; row < rows; row++) {
            for (int r = 0; r < rank; r++) {
                up[r * rows + row] = scale * factors[row * rank + r];
            }
        }
        return new LowRank(down, up, rows);
    }

    /** Rank of the update. */
    public int rank() {
        return down.rows();
    }

    /** Outputs of the layer. */
    public int rows() {
        return rows;
    }

    /** Inputs of the layer. */
    public int cols() {
        return down.cols();
    }

    /** Bytes that one multiplication reads. */
    long bytes() {
        return down.bytes() + up.length * (long) Float.BYTES;
    }

    Weights down() {
        return down;
    }

    /** y[i] += Σ h[r]·scale·B[row + i][r] over the ranks, for i in [0, count). */
    void addTo(float[] y, int yo, int row, int count, float[] h, int ho) {
        addProducts(h, ho, 1, down.rows(), up, row, rows, y, yo, count);
    }

    /**
     * Adds the update to a block of whole rows of weights in float32.
     *
     * @param row the first row
     * @param values [count × cols()], from {@code offset} on
     * @throws IndexOutOfBoundsException if the block leaves the matrix or {@code values}
     */
    public void addRows(int row, int count, float[] values, int offset) {
        int rank = down.rows();
        int cols = down.cols();
        float[] a = new float[rank * Math.min(COLUMNS, cols)];
        for (int col = 0; col < cols; col += COLUMNS) {
            int width = Math.min(COLUMNS, cols - col);
            down.unpack(0, rank, col, width, a, 0, width);
            for (int i = 0; i < count; i++) {
                addProducts(up, row + i, rows, rank, a, 0, width, values, offset + i * cols + col, width);
            }
        }
    }

    /**
     * A copy of {@code weights} in float32 with {@code updates} added.
     *
     * @param updates at least one, of the shape of the weights; added in their order
     * @param workers who computes; not closed by this
     * @param arena where the copy lies
     */
    public static Weights merge(Weights weights, List<LowRank> updates, Workers workers, Arena arena) {
        int cols = weights.cols();
        MemorySegment data = arena.allocate(weights.rows() * (long) cols * Float.BYTES, VectorSupport.CACHE_LINE);
        workers.run(Math.ceilDiv(weights.rows(), MERGED_ROWS), (index, worker) -> {
            int row = index * MERGED_ROWS;
            int count = Math.min(MERGED_ROWS, weights.rows() - row);
            float[] block = new float[count * cols];
            weights.unpack(row, count, 0, cols, block, 0, cols);
            for (LowRank update : updates) {
                update.addRows(row, count, block, 0);
            }
            MemorySegment.copy(block, 0, data, FLOAT, row * (long) cols * Float.BYTES, block.length);
        });
        long[] shape = {weights.rows(), cols};
        return Weights.of(new Tensor(weights.name(), DType.F32, shape, data));
    }

    /**
     * y[i] += Σ h[r]·f[r][i], in the order of r. Plain loops; an element is one chain of fused
     * multiply-adds, so that nothing can differ.
     *
     * @param hs floats from one factor in {@code h} to the next
     * @param fs floats from one row of {@code f} to the next
     */
    private static void addProducts(
            float[] h, int ho, int hs, int rank, float[] f, int fo, int fs, float[] y, int yo, int count) {
        int r = 0;
        for (; r + 4 <= rank; r += 4) {
            int from = fo + r * fs;
            int at = ho + r * hs;
            add4(h[at], h[at + hs], h[at + 2 * hs], h[at + 3 * hs], f, from, fs, y, yo, count);
        }
        for (; r < rank; r++) {
            add1(h[ho + r * hs], f, fo + r * fs, y, yo, count);
        }
    }

    private static void add4(
            float h0, float h1, float h2, float h3, float[] f, int fo, int fs, float[] y, int yo, int count) {
        int f1 = fo + fs;
        int f2 = f1 + fs;
        int f3 = f2 + fs;
        for (int i = 0; i < count; i++) {
            float sum = Math.fma(h0, f[fo + i], y[yo + i]);
            sum = Math.fma(h1, f[f1 + i], sum);
            sum = Math.fma(h2, f[f2 + i], sum);
            y[yo + i] = Math.fma(h3, f[f3 + i], sum);
        }
    }

    private static void add1(float h, float[] f, int fo, float[] y, int yo, int count) {
        for (int i = 0; i < count; i++) {
            y[yo + i] = Math.fma(h, f[fo + i], y[yo + i]);
        }
    }

    /** The first matrices of several updates as one layer. */
    static Linear down(LowRank[] updates) {
        return new Linear(Arrays.stream(updates).map(LowRank::down).toArray(Weights[]::new), null);
    }
}
