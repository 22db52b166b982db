package dev.pg.model.text;

import dev.pg.kernels.Matrix;
import dev.pg.model.config.TextConfig;

/**
 * The buffers of a forward pass over some number of rows, and the windows on them. Made anew only when the number of rows or
 * sequences changes, so that a decoding step allocates nothing. Not thread-safe.
 */
final class Activations {
    /** Rows of the MLP's wide intermediate that are alive at once; bounds its memory for thousands of image tokens. */
    private static final int MLP_ROWS = 512;

    final int sequences;
    final Matrix hidden; // [rows × hidden], the residual stream
    final Matrix normed; // [rows × hidden]
    final Matrix delta; // [rows × hidden]
    final Matrix queries; // windows on qkv, all rows
    final Matrix keys;
    final Matrix values;
    final Matrix qkv;
    final Matrix attended; // [rows × heads·headDim]

    /** Per sequence: its rows of {@link #queries} and {@link #attended}, and of {@link #keys} for the rotation. */
    final Matrix[] queriesOf;

    final Matrix[] keysOf;
    final Matrix[] attendedOf;

    /** Per block of rows: windows for the MLP. */
    final Matrix[] normedBlocks;

    final Matrix[] deltaBlocks;
    final Matrix[] gateUpBlocks; // [≤ MLP_ROWS × 2·intermediate]
    final Matrix[] gatedBlocks; // [≤ MLP_ROWS × intermediate]

    /**
     * @param sequences number of sequences
     * @param rows rows of each of them
     */
    Activations(TextConfig config, int sequences, int rows) {
        this.sequences = sequences;
        int all = sequences * rows;
        int q = config.heads() * config.headDim();
        int kv = config.kvHeads() * config.headDim();
        hidden = new Matrix(all, config.hiddenSize());
        normed = new Matrix(all, config.hiddenSize());
        delta = new Matrix(all, config.hiddenSize());
        qkv = new Matrix(all, q + 2 * kv);
        queries = qkv.columns(0, q);
        keys = qkv.columns(q, kv);
        values = qkv.columns(q + kv, kv);
        attended = new Matrix(all, q);
        queriesOf = new Matrix[sequences];
        keysOf = new Matrix[sequences];
        attendedOf = new Matrix[sequences];
        for (int s = 0; s < sequences; s++) {
            queriesOf[s] = queries.rows(s * rows, rows);
            keysOf[s] = keys.rows(s * rows, rows);
            attendedOf[s] = attended.rows(s * rows, rows);
        }
        int blocks = Math.ceilDiv(all, MLP_ROWS);
        Matrix gateUp = new Matrix(Math.min(all, MLP_ROWS), 2 * config.intermediateSize());
        Matrix gated = new Matrix(Math.min(all, MLP_ROWS), config.intermediateSize());
        normedBlocks = new Matrix[blocks];
        deltaBlocks = new Matrix[blocks];
        gateUpBlocks = new Matrix[blocks];
        gatedBlocks = new Matrix[blocks];
        for (int b = 0; b < blocks; b++) {
            int from = b * MLP_ROWS;
            int count = Math.min(MLP_ROWS, all - from);
            normedBlocks[b] = normed.rows(from, count);
            deltaBlocks[b] = delta.rows(from, count);
            gateUpBlocks[b] = gateUp.rows(0, count);
            gatedBlocks[b] = gated.rows(0, count);
        }
    }

    /** True if these buffers fit {@code sequences} × {@code rows}. */
    boolean fits(int sequences, int rows) {
        return this.sequences == sequences && hidden.rows() == sequences * rows;
    }
}
