package dev.pg.model.text;

import dev.pg.kernels.Mask;
import dev.pg.kernels.Matrix;
import dev.pg.model.Compute;
import dev.pg.model.config.TextConfig;

/**
 * The buffers of a forward pass over some number of rows, and the windows on them. Made anew only when the number of rows or
 * sequences changes, so that a decoding step allocates nothing. Not thread-safe.
 *
 * <p>Only the residual stream and the queries are there for all rows at once. Everything else a layer computes block by block, which
 * bounds its memory for thousands of image tokens.
 */
final class Activations {
    final int sequences;
    final Matrix hidden; // [rows × hidden], the residual stream

    /** All rows. */
    final Block[] blocks;

    /** Per sequence: its queries, [rows × heads·headDim], which attention overwrites with its results. */
    final Matrix[] queriesOf;

    // Per sequence, what its queries attend to in the layer under way.
    final Matrix[] cachedKeys;
    final Matrix[] cachedValues;
    final Mask[] masks;

    /** The last row of one sequence alone, from which the next token comes; null for several sequences. */
    final Block[] lastBlock;

    final Matrix[] lastQuery;

    private final Matrix queries; // [rows × heads·headDim]
    private final Matrix branch; // and what belongs to one block at a time
    private final Matrix qkv;
    private final Matrix gateUp;

    /** Rows that go through the products of a layer together: some rows of one sequence, or all rows of several. */
    final class Block {
        final int first; // row
        final Matrix hidden; // [n × hidden]
        final Matrix branch; // [n × hidden], what a step reads behind its norm, then what it adds to hidden
        final Matrix qkv; // [n × (heads + 2·kvHeads)·headDim]
        final Matrix keys; // windows on qkv
        final Matrix values;
        final Matrix[] queriesOf; // per sequence, windows on qkv
        final Matrix[] keysOf;
        final Matrix queries; // [n × heads·headDim], those of the whole pass
        final Matrix gateUp; // [n × 2·intermediate]
        final Matrix gated; // [n × intermediate], window on gateUp: it takes the place of the gate
        private final Matrix newQueries; // window on qkv

        private Block(int first, int n) {
            int q = Activations.this.queries.cols();
            int kv = (Activations.this.qkv.cols() - q) / 2;
            this.first = first;
            hidden = Activations.this.hidden.rows(first, n);
            branch = Activations.this.branch.rows(0, n);
            qkv = Activations.this.qkv.rows(0, n);
            newQueries = qkv.columns(0, q);
            keys = qkv.columns(q, kv);
            values = qkv.columns(q + kv, kv);
            queriesOf = split(newQueries);
            keysOf = split(keys);
            queries = Activations.this.queries.rows(first, n);
            gateUp = Activations.this.gateUp.rows(0, n);
            gated = gateUp.columns(0, gateUp.cols() / 2);
        }

        /** Puts the queries where those of the whole pass are, before the next block overwrites them. */
        void keepQueries() {
            if (blocks.length > 1) { // else they are there already
                for (int r = 0; r < queries.rows(); r++) {
                    System.arraycopy(
                            newQueries.data(), newQueries.at(r), queries.data(), queries.at(r), queries.cols());
                }
            }
        }
    }

    /**
     * @param sequences number of sequences
     * @param rows rows of each of them
     */
    Activations(TextConfig config, int sequences, int rows) {
        this.sequences = sequences;
        int all = sequences * rows;
        int n = sequences == 1 ? Compute.blockRows(all) : all;
        int count = Math.ceilDiv(all, n);
        int q = config.heads() * config.headDim();
        int kv = config.kvHeads() * config.headDim();
        hidden = new Matrix(all, config.hiddenSize());
        branch = new Matrix(n, config.hiddenSize());
        qkv = new Matrix(n, q + 2 * kv);
        queries = count == 1 ? qkv.columns(0, q) : new Matrix(all, q);
        gateUp = new Matrix(n, 2 * config.intermediateSize());
        queriesOf = split(queries);
        cachedKeys = new Matrix[sequences];
        cachedValues = new Matrix[sequences];
        masks = new Mask[sequences];
        blocks = new Block[count];
        for (int b = 0; b < count; b++) {
            blocks[b] = new Block(b * n, Math.min(n, all - b * n));
        }
        lastBlock = sequences == 1 ? new Block[] {new Block(all - 1, 1)} : null;
        lastQuery = sequences == 1 ? new Matrix[] {lastBlock[0].queries} : null;
    }

    private Matrix[] split(Matrix matrix) {
        int rows = matrix.rows() / sequences;
        Matrix[] parts = new Matrix[sequences];
        for (int s = 0; s < sequences; s++) {
            parts[s] = matrix.rows(s * rows, rows);
        }
        return parts;
    }

    /** True if these buffers fit {@code sequences} × {@code rows}. */
    boolean fits(int sequences, int rows) {
        return this.sequences == sequences && hidden.rows() == sequences * rows;
    }
}
