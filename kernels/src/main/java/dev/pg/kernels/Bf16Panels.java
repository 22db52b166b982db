package dev.pg.kernels;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Weights in bfloat16, packed for decoding: some rows at a time lie in a panel [pairs of inputs × rows × 2]. A vector of a panel holds
 * two inputs of as many rows as there are lanes. So nothing is added across lanes, an input is broadcast to all rows, and
 * a panel is one straight stream, whatever the number of tokens. Rows as a file has them, multiplied with eight tokens, keep the processor
 * waiting for memory a third of the time: all activations come from the second-level cache again for every six rows.
 *
 * <p>All panels but the last have {@link #ROWS} rows; it has what is left, in whole vectors. A panel takes the place of its rows in memory.
 */
final class Bf16Panels extends Weights {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int LANES = VectorSupport.LANES;

    /** Vectors of rows in a panel: with three there are 24 sums for eight tokens, with two eight for four, as registers allow. */
    static final int VECTORS = Tile.best() instanceof Tiles32 ? 3 : 2;

    /** Rows of a panel. */
    static final int ROWS = VECTORS * LANES;

    private Bf16Panels(Tensor t) {
        super(t);
    }

    /**
     * True if {@link #pack} takes the tensor: BF16, rows in whole vectors, and inputs in pairs of whole vectors. Only where there is a Vector
     * API; without it this class does not link.
     */
    static boolean fits(Tensor t) {
        return t.dtype() == DType.BF16
                && t.rank() == 2
                && t.data().isNative()
                && t.dim(0) % LANES == 0
                && t.dim(1) % (2L * LANES) == 0;
    }

    /**
     * Packs the rows of a tensor where they lie.
     *
     * @param t overwritten
     * @param workers who shares the work
     */
    static Bf16Panels pack(Tensor t, Workers workers) {
        WarmUp.need(Layout.PANELS, t.data());
        Bf16Panels weights = new Bf16Panels(t);
        int[][] copies = new int[workers.threads()][];
        workers.run(weights.panels(), (panel, worker) -> {
            if (copies[worker] == null) {
                copies[worker] = new int[ROWS * weights.pairs()];
            }
            weights.pack(panel, copies[worker]);
        });
        return weights;
    }

    private void pack(int panel, int[] copy) {
        int pairs = pairs();
        int width = width(panel);
        long at = panelAt(panel);
        MemorySegment.copy(data, INT, at, copy, 0, width * pairs);
        for (int p = 0; p < pairs; p++) {
            for (int r = 0; r < width; r++) {
                data.set(INT, at, copy[r * pairs + p]);
                at += Integer.BYTES;
            }
        }
    }

    @Override
    public String format() {
        return DType.BF16.name();
    }

    int panels() {
        return Math.ceilDiv(rows(), ROWS);
    }

    /** Rows of a panel. */
    int width(int panel) {
        return Math.min(ROWS, rows() - panel * ROWS);
    }

    /** Pairs of inputs. */
    int pairs() {
        return cols() / 2;
    }

    /** Where a panel begins. */
    long panelAt(int panel) {
        return panel * (long) ROWS * cols() * Short.BYTES;
    }

    /** Where the two weights lie that a row has for a pair of inputs. */
    private long pairAt(int row, int pair) {
        int panel = row / ROWS;
        return panelAt(panel) + (pair * (long) width(panel) + row % ROWS) * Integer.BYTES;
    }

    @Override
    void unpack(long first, int count, float[] dst, int dstOffset) {
        int row = (int) (first / cols());
        widen(row, (int) (first % cols()), count, dst, dstOffset);
    }

    @Override
    void unpackBlock(int row, int rowCount, int col, int colCount, float[] dst, int dstOffset, int dstStride) {
        int whole = 0; // columns that are turned by vectors
        int turned = 0; // rows that are
        if (WarmUp.vectors() && row % LANES == 0 && col % (2 * LANES) == 0) {
            whole = colCount - colCount % (2 * LANES);
            turned = rowCount - rowCount % LANES;
            int[] scratch = new int[PanelRows.SCRATCH];
            for (int r = 0; r < turned; ) {
                int width = width((row + r) / ROWS);
                int count = Math.min(turned - r, width - (row + r) % ROWS);
                long at = pairAt(row + r, col / 2);
                long stride = width * (long) Integer.BYTES;
                PanelRows.unpack(data, at, stride, count, whole, dst, dstOffset + r * dstStride, dstStride, scratch);
                r += count;
            }
        }
        for (int r = 0; r < rowCount; r++) {
            int done = r < turned ? whole : 0;
            widen(row + r, col + done, colCount - done, dst, dstOffset + r * dstStride + done);
        }
    }

    private void widen(int row, int col, int count, float[] dst, int dstOffset) {
        for (int c = 0; c < count; c++) {
            int pair = data.get(INT, pairAt(row, (col + c) / 2));
            dst[dstOffset + c] = (col + c) % 2 == 0 ? first(pair) : second(pair);
        }
    }

    /** The weight of the first input of a pair. */
    static float first(int pair) {
        return Float.intBitsToFloat(pair << 16);
    }

    /** The weight of the second one. */
    static float second(int pair) {
        return Float.intBitsToFloat(pair & 0xffff0000);
    }
}
