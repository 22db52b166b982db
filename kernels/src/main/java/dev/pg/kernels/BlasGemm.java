package dev.pg.kernels;

import dev.pg.core.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Matrix products by {@link OpenBlas}. A task widens a block of weights to native floats and multiplies it with all rows of x. Few rows
 * are left to {@link FewRows} where there is a Vector API: to widen weights for one use would double the traffic.
 */
final class BlasGemm implements MatMul.Backend {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

    /** Weight rows of one block: enough for sgemm to run at speed, few enough to stay in the cache. */
    private static final int ROWS = 128;

    private final OpenBlas blas;
    private final Workers workers;
    private final VectorGemm few;
    private final Buffer tokens = new Buffer(); // x [rows × cols]
    private final Buffer[] weights; // per worker [ROWS × cols]
    private final Buffer[] products; // per worker [rows of x × ROWS]
    private final float[][] widened; // per worker [cols]
    private final Workers.Task blockTask = this::multiplyBlock;

    private Matrix x;
    private Matrix y;
    private Linear w;

    /** Native memory that grows to the largest use. */
    private static final class Buffer {
        private MemorySegment memory = MemorySegment.NULL;

        MemorySegment floats(long count) {
            if (memory.byteSize() < count * Float.BYTES) {
                memory = Arena.ofAuto().allocate(count * Float.BYTES, VectorSupport.CACHE_LINE);
            }
            return memory;
        }
    }

    BlasGemm(Workers workers, OpenBlas blas) {
        this.workers = workers;
        this.blas = blas;
        few = VectorSupport.AVAILABLE ? new VectorGemm(workers) : null;
        weights = new Buffer[workers.threads()];
        products = new Buffer[workers.threads()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = new Buffer();
            products[i] = new Buffer();
        }
        widened = new float[workers.threads()][0];
    }

    @Override
    public void multiply(Matrix x, Linear w, Matrix y) {
        if (few != null && x.rows() <= FewRows.MAX_TOKENS) {
            few.multiply(x, w, y);
            return;
        }
        this.x = x;
        this.w = w;
        this.y = y;
        MemorySegment packed = tokens.floats((long) x.rows() * x.cols());
        for (int t = 0; t < x.rows(); t++) {
            MemorySegment.copy(x.data(), x.at(t), packed, FLOAT, (long) t * x.cols() * Float.BYTES, x.cols());
        }
        int blocks = 0;
        for (int i = 0; i < w.parts(); i++) {
            blocks += Math.ceilDiv(w.part(i).rows(), ROWS);
        }
        workers.run(blocks, blockTask);
    }

    private void multiplyBlock(int index, int worker) {
        int row = index * ROWS; // of the part it falls into
        int column = 0;
        int p = 0;
        while (row >= w.part(p).rows()) {
            row -= Math.ceilDiv(w.part(p).rows(), ROWS) * ROWS;
            column += w.part(p).rows();
            p++;
        }
        int rows = Math.min(ROWS, w.part(p).rows() - row);
        MemorySegment block = widen(w.part(p), row, rows, worker);
        MemorySegment product = products[worker].floats((long) x.rows() * ROWS);
        blas.sgemm(x.rows(), rows, w.cols(), tokens.floats(0), block, product);
        for (int t = 0; t < x.rows(); t++) {
            int out = y.at(t) + column + row;
            MemorySegment.copy(product, FLOAT, (long) t * rows * Float.BYTES, y.data(), out, rows);
            for (int r = 0; r < rows; r++) {
                y.data()[out + r] += w.bias(column + row + r);
            }
        }
    }

    private MemorySegment widen(Weights part, int row, int rows, int worker) {
        int cols = w.cols();
        if (widened[worker].length < cols) {
            widened[worker] = new float[cols];
        }
        MemorySegment block = weights[worker].floats((long) ROWS * cols);
        for (int r = 0; r < rows; r++) {
            part.copyRow(row + r, widened[worker], 0);
            MemorySegment.copy(widened[worker], 0, block, FLOAT, (long) r * cols * Float.BYTES, cols);
        }
        return block;
    }
}
