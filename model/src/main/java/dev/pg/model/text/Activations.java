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
    final Matrix qkv;
    final Matrix queries; // windows on qkv, all rows
    final Matrix keys;
    final Matrix values;

    /** Per sequence: its rows of {@link #queries} and {@link #keys}, for the rotation. */
    final Matrix[] queriesOf;

    final Matrix[] keysOf;

    /** What a layer computes for all rows. */
    final Outputs all;

    /** What the last layer of a prompt computes for its last row, from which the next token comes; null for several sequences. */
    final Outputs last;

    /** The rows that a layer computes behind its keys and values, and the windows of its steps. */
    static final class Outputs {
        final Matrix hidden; // [n × hidden]
        final Matrix normed; // [n × hidden]
        final Matrix delta; // [n × hidden]
        final Matrix attended; // [n × heads·headDim]

        /** Per sequence: its rows of the queries and of {@link #attended}. */
        final Matrix[] queriesOf;

        final Matrix[] attendedOf;

        /** Per block of rows: windows for the MLP. */
        final Matrix[] normedBlocks;

        final Matrix[] deltaBlocks;
        final Matrix[] gateUpBlocks; // [≤ MLP_ROWS × 2·intermediate]
        final Matrix[] gatedBlocks; // [≤ MLP_ROWS × intermediate]

        private Outputs(
                Matrix hidden,
                Matrix normed,
                Matrix delta,
                Matrix attended,
                Matrix queries,
                int sequences,
                Matrix gateUp,
                Matrix gated) {
            this.hidden = hidden;
            this.normed = normed;
            this.delta = delta;
            this.attended = attended;
            queriesOf = split(queries, sequences);
            attendedOf = split(attended, sequences);
            int blocks = Math.ceilDiv(hidden.rows(), MLP_ROWS);
            normedBlocks = new Matrix[blocks];
            deltaBlocks = new Matrix[blocks];
            gateUpBlocks = new Matrix[blocks];
            gatedBlocks = new Matrix[blocks];
            for (int b = 0; b < blocks; b++) {
                int from = b * MLP_ROWS;
                int count = Math.min(MLP_ROWS, hidden.rows() - from);
                normedBlocks[b] = normed.rows(from, count);
                deltaBlocks[b] = delta.rows(from, count);
                gateUpBlocks[b] = gateUp.rows(0, count);
                gatedBlocks[b] = gated.rows(0, count);
            }
        }

        private Outputs lastRow(Matrix queries) {
            int row = hidden.rows() - 1;
            return new Outputs(
                    hidden.rows(row, 1),
                    normed.rows(row, 1),
                    delta.rows(row, 1),
                    attended.rows(row, 1),
                    queries.rows(row, 1),
                    1,
                    gateUpBlocks[0],
                    gatedBlocks[0]);
        }
    }

    /**
     * @param sequences number of sequences
     * @param rows rows of each of them
     */
    Activations(TextConfig config, int sequences, int rows) {
        this.sequences = sequences;
        int n = sequences * rows;
        int q = config.heads() * config.headDim();
        int kv = config.kvHeads() * config.headDim();
        hidden = new Matrix(n, config.hiddenSize());
        normed = new Matrix(n, config.hiddenSize());
        qkv = new Matrix(n, q + 2 * kv);
        queries = qkv.columns(0, q);
        keys = qkv.columns(q, kv);
        values = qkv.columns(q + kv, kv);
        queriesOf = split(queries, sequences);
        keysOf = split(keys, sequences);
        all = new Outputs(
                hidden,
                normed,
                new Matrix(n, config.hiddenSize()),
                new Matrix(n, q),
                queries,
                sequences,
                new Matrix(Math.min(n, MLP_ROWS), 2 * config.intermediateSize()),
                new Matrix(Math.min(n, MLP_ROWS), config.intermediateSize()));
        last = sequences == 1 ? all.lastRow(queries) : null;
    }

    private static Matrix[] split(Matrix all, int sequences) {
        int rows = all.rows() / sequences;
        Matrix[] parts = new Matrix[sequences];
        for (int s = 0; s < sequences; s++) {
            parts[s] = all.rows(s * rows, rows);
        }
        return parts;
    }

    /** True if these buffers fit {@code sequences} × {@code rows}. */
    boolean fits(int sequences, int rows) {
        return this.sequences == sequences && hidden.rows() == sequences * rows;
    }
}
