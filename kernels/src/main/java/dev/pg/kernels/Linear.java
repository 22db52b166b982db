package dev.pg.kernels;

/**
 * A linear layer: y = x·Wᵀ + bias, where W is made of parts whose rows follow one another. Layers that read the same input
 * (q, k and v; gate and up) thus become one product without copying their weights: part p owns the columns of y behind those of
 * the parts before it.
 *
 * <p>Immutable; as thread-safe as its weights.
 */
public final class Linear {
    private final Weights[] parts;
    private final float[] bias;
    private final int rows;
    private final int cols;

    /**
     * @param parts at least one, all with the same number of columns, of any types
     * @param bias one float for each row of all parts, or null for none; not copied
     * @throws IllegalArgumentException if the sizes do not fit together
     */
    public Linear(Weights[] parts, float[] bias) {
        this.parts = parts.clone();
        this.bias = bias;
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
    }

    /** A layer of one part. */
    public static Linear of(Weights weights, float[] bias) {
        return new Linear(new Weights[] {weights}, bias);
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

    /** Bytes of weights that one multiplication reads. */
    public long bytes() {
        long sum = 0;
        for (Weights part : parts) {
            sum += part.bytes();
        }
        return sum;
    }
}
