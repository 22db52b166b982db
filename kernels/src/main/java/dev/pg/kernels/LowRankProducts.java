package dev.pg.kernels;

import dev.pg.core.Workers;
import java.util.Arrays;

/**
 * What the low-rank updates of a {@link Linear} add to its product: y += (x·Aᵀ)·(scale·B)ᵀ. The first factor of all updates is one
 * product, whatever part they belong to, since all read the same x; the second is spread over the columns of y. Owns its scratch
 * memory; not thread-safe.
 */
final class LowRankProducts {
    /** Columns of y of one task. */
    private static final int COLUMNS = 1024;

    /** Rows of y of one task. */
    private static final int ROWS = 64;

    private final Workers workers;
    private final Workers.Task task = this::add;
    private Matrix[] inners = {}; // by the sum of the ranks: [rows of x × ranks]

    private Matrix inner;
    private Linear w;
    private Matrix y;
    private int rowBlocks;

    LowRankProducts(Workers workers) {
        this.workers = workers;
    }

    /** Adds the updates of {@code w} to {@code y}, which holds the product with its weights. */
    void add(Matrix x, Linear w, Matrix y, MatMul.Backend backend) {
        this.w = w;
        this.y = y;
        inner = inner(x.rows(), w.down().rows());
        backend.multiply(x, w.down(), inner);
        rowBlocks = Math.ceilDiv(x.rows(), ROWS);
        int tasks = 0;
        for (int i = 0; i < w.updates(); i++) {
            tasks += blocks(i);
        }
        workers.run(tasks * rowBlocks, task);
    }

    private Matrix inner(int rows, int ranks) {
        if (inners.length <= ranks) {
            inners = Arrays.copyOf(inners, ranks + 1);
        }
        if (inners[ranks] == null) {
            inners[ranks] = new Matrix(rows, ranks);
        }
        inners[ranks].reshape(rows);
        return inners[ranks];
    }

    /** Blocks of columns that begin with update {@code i}: none if it has its columns in common with the one before it. */
    private int blocks(int i) {
        return followsAnother(i) ? 0 : Math.ceilDiv(w.update(i).rows(), COLUMNS);
    }

    private boolean followsAnother(int i) {
        return i > 0 && w.updateColumn(i) == w.updateColumn(i - 1);
    }

    /** One block of y, with all updates that add to it. */
    private void add(int index, int worker) {
        int block = index / rowBlocks; // of columns, counted through all updates
        int rank = 0; // where the update's columns of the first product begin
        int i = 0;
        while (block >= blocks(i)) {
            block -= blocks(i);
            rank += w.update(i).rank();
            i++;
        }
        do {
            add(i, rank, block * COLUMNS, index % rowBlocks * ROWS);
            rank += w.update(i).rank();
            i++;
        } while (i < w.updates() && followsAnother(i));
    }

    private void add(int i, int rank, int column, int first) {
        LowRank update = w.update(i);
        int count = Math.min(COLUMNS, update.rows() - column);
        int end = Math.min(first + ROWS, y.rows());
        for (int t = first; t < end; t++) {
            int to = y.at(t) + w.updateColumn(i) + column;
            update.addTo(y.data(), to, column, count, inner.data(), inner.at(t) + rank);
        }
    }
}
