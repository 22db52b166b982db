package dev.pg.model.text;

import dev.pg.kernels.Matrix;
import dev.pg.model.config.TextConfig;

/**
 * The keys (rotated) and values of one sequence, for every layer. Position p of the sequence is row p. Not thread-safe.
 */
final class KvCache {
    private final Matrix[] keys; // per layer [length × kvHeads·headDim]
    private final Matrix[] values;
    private int length;

    /** @param capacity positions to make room for; more grow the arrays */
    KvCache(TextConfig config, int capacity) {
        int width = config.kvHeads() * config.headDim();
        keys = new Matrix[config.layers()];
        values = new Matrix[config.layers()];
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer] = new Matrix(capacity, width);
            values[layer] = new Matrix(capacity, width);
        }
        extend(0);
    }

    /** Positions in the cache, those of the pass under way included. */
    int length() {
        return length;
    }

    /** Makes room for {@code rows} more positions, which every layer then fills with {@link #put}. */
    void extend(int rows) {
        length += rows;
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer].reshape(length);
            values[layer].reshape(length);
        }
    }

    /** Stores {@code count} rows of {@code k} and {@code v}, from {@code row} on, as the positions from {@code position} on of {@code layer}. */
    void put(int layer, int position, Matrix k, Matrix v, int row, int count) {
        copy(k, row, keys[layer], position, count);
        copy(v, row, values[layer], position, count);
    }

    Matrix keys(int layer) {
        return keys[layer];
    }

    Matrix values(int layer) {
        return values[layer];
    }

    /** Becomes a copy of {@code other}. */
    void copyFrom(KvCache other) {
        length = 0;
        extend(other.length);
        for (int layer = 0; layer < keys.length; layer++) {
            copy(other.keys[layer], 0, keys[layer], 0, length);
            copy(other.values[layer], 0, values[layer], 0, length);
        }
    }

    private static void copy(Matrix from, int fromRow, Matrix to, int toRow, int count) {
        for (int r = 0; r < count; r++) {
            System.arraycopy(from.data(), from.at(fromRow + r), to.data(), to.at(toRow + r), from.cols());
        }
    }
}
