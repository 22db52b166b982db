package dev.pg.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A linear layer: y = x·Wᵀ + bias, where W is made of parts whose rows follow one another. Layers that read the same input
 * (q, k and v; gate and up) thus become one product without copying their weights: part p owns the columns of y behind those of
 * the parts before it.
 *
 * <p>Beside its weights a layer may have low-rank updates, which {@link MatMul} adds to the product. The same weights thus serve any
 * number of adapters, each a layer of its own that shares them.
 *
 * <p>Immutable; as thread-safe as its weights.
 */
public final class Linear {
    private static final LowRank[] NONE = {};

    private final Weights[] parts;
    private final float[] bias;
    private final int rows;
    private final int cols;
    private final LowRank[] updates;
    private final int[] updateColumns; // first column of y of each update
    private final Linear down; // the first matrices of all updates, or null if there are none

    /**
     * @param parts at least one, all with the same number of columns, of any types
     * @param bias one float for each row of all parts, or null for none; not copied
     * @throws IllegalArgumentException if the sizes do not fit together
     */
    public Linear(Weights[] parts, float[] bias) {
        this(parts, bias, NONE, new int[0]);
    }

    private Linear(Weights[] parts, float[] bias, LowRank[] updates, int[] updateColumns) {
        this.parts = parts.clone();
        this.bias = bias;
        this.updates = updates;
        this.updateColumns = updateColumns;
        if (parts.length == 0) {
            throw new IllegalArgumentException("a linear layer needs at least one part");
        }
        cols = parts[0].cols();
        int sum = 0;
        for (Weights part : parts) {
            if (part.cols() != cols) {
                throw new IllegalArgumentException(part + " does not stand beside " + parts[0] + ": other columns");
            }
            sum = Math.addExact(sum, part.rows());
        }
        rows = sum;
        if (bias != null && bias.length != rows) {
            throw new IllegalArgumentException("a bias of " + bias.length + " does not fit " + rows + " outputs");
        }
        down = updates.length == 0 ? null : LowRank.down(updates);
    }

    /** A layer of one part. */
    public static Linear of(Weights weights, float[] bias) {
        return new Linear(new Weights[] {weights}, bias);
    }

    /**
     * The layers one after the other as one: their outputs, biases and updates. Nothing of the weights is copied.
     *
     * @param layers all with the same number of inputs
     * @throws IllegalArgumentException if the numbers of inputs differ
     */
    public static Linear join(Linear... layers) {
        List<Weights> parts = new ArrayList<>();
        List<LowRank> updates = new ArrayList<>();
        List<Integer> columns = new ArrayList<>();
        int rows = 0;
        for (Linear layer : layers) {
            parts.addAll(Arrays.asList(layer.parts));
            updates.addAll(Arrays.asList(layer.updates));
            for (int column : layer.updateColumns) {
                columns.add(rows + column);
            }
            rows += layer.rows;
        }
        float[] bias = null;
        if (Arrays.stream(layers).anyMatch(layer -> layer.bias != null)) {
            bias = new float[rows];
            int at = 0;
            for (Linear layer : layers) {
                if (layer.bias != null) {
                    System.arraycopy(layer.bias, 0, bias, at, layer.rows);
                }
                at += layer.rows;
            }
        }
        return new Linear(
                parts.toArray(Weights[]::new),
                bias,
                updates.toArray(LowRank[]::new),
                columns.stream().mapToInt(Integer::intValue).toArray());
    }

    /**
     * This layer with updates of all its outputs beside it, in addition to those it has; the weights are shared.
     *
     * @throws IllegalArgumentException if an update has other inputs or outputs
     */
    public Linear with(List<LowRank> more) {
        for (LowRank update : more) {
            if (update.rows() != rows || update.cols() != cols) {
                throw new IllegalArgumentException("an update of [" + update.rows() + " x " + update.cols()
                        + "] does not fit weights of [" + rows + " x " + cols + "]");
            }
        }
        LowRank[] all = Arrays.copyOf(updates, updates.length + more.size());
        for (int i = 0; i < more.size(); i++) {
            all[updates.length + i] = more.get(i);
        }
        return new Linear(parts, bias, all, Arrays.copyOf(updateColumns, all.length));
    }

    /** Outputs: rows of all parts. */
    public int rows() {
        return rows;
    }

    /** Inputs. */
    public int cols() {
        return cols;
    }

    /** Number of parts. */
    int parts() {
        return parts.length;
    }

    Weights part(int i) {
        return parts[i];
    }

    /** The bias of output {@code row}; 0 where there is none. */
    float bias(int row) {
        return bias == null ? 0 : bias[row];
    }

    /** Number of low-rank updates. */
    int updates() {
        return updates.length;
    }

    LowRank update(int i) {
        return updates[i];
    }

    /** The output that is the first of update {@code i}. */
    int updateColumn(int i) {
        return updateColumns[i];
    }

    /** The first matrices of all updates as one layer; null if there are none. */
    Linear down() {
        return down;
    }

    /** Bytes of weights that one multiplication reads. */
    public long bytes() {
        long sum = 0;
        for (LowRank update : updates) {
            sum += update.bytes();
        }
        for (Weights part : parts) {
            sum += part.bytes();
        }
        return sum;
    }
}
