package dev.pg.model.task;

/**
 * A small two-dimensional convolution over a square grid, channels last. Weights are turned round so that the innermost loop runs over
 * the outputs of one input value, which the JIT compiler vectorises.
 */
final class Conv {
    private final int outputs;
    private final int inputs;
    private final int size;
    private final boolean transposed;
    private final float[] weight; // [size × size × inputs × outputs]
    private final float[] bias; // [outputs]

    private Conv(int outputs, int inputs, int size, boolean transposed, float[] weight, float[] bias) {
        this.outputs = outputs;
        this.inputs = inputs;
        this.size = size;
        this.transposed = transposed;
        this.weight = weight;
        this.bias = bias;
    }

    /** PyTorch's {@code Conv2d} of odd size that keeps the grid: weight {@code [outputs × inputs × size × size]}. */
    static Conv plain(int outputs, int inputs, int size, float[] weight, float[] bias) {
        float[] turned = new float[weight.length];
        int taps = size * size;
        for (int o = 0; o < outputs; o++) {
            for (int i = 0; i < inputs; i++) {
                for (int t = 0; t < taps; t++) {
                    turned[(t * inputs + i) * outputs + o] = weight[(o * inputs + i) * taps + t];
                }
            }
        }
        return new Conv(outputs, inputs, size, false, turned, bias);
    }

    /** PyTorch's {@code ConvTranspose2d(4, stride=2, padding=1)}, which doubles the grid: weight {@code [inputs × outputs × 4 × 4]}. */
    static Conv transposed(int outputs, int inputs, float[] weight, float[] bias) {
        float[] turned = new float[weight.length];
        for (int i = 0; i < inputs; i++) {
            for (int o = 0; o < outputs; o++) {
                for (int t = 0; t < 16; t++) {
                    turned[(t * inputs + i) * outputs + o] = weight[(i * outputs + o) * 16 + t];
                }
            }
        }
        return new Conv(outputs, inputs, 4, true, turned, bias);
    }

    int outputs() {
        return outputs;
    }

    /**
     * The layer's output.
     *
     * @param x {@code [side × side × inputs]}
     * @return {@code [newSide × newSide × outputs]}, newSide = side, or twice that if transposed
     */
    float[] apply(float[] x, int side) {
        int newSide = transposed ? 2 * side : side;
        float[] y = new float[newSide * newSide * outputs];
        float[] sums = new float[outputs];
        for (int row = 0; row < newSide; row++) {
            for (int column = 0; column < newSide; column++) {
                System.arraycopy(bias, 0, sums, 0, outputs);
                for (int t = 0; t < size * size; t++) {
                    int fromRow = source(row, t / size, side);
                    int fromColumn = source(column, t % size, side);
                    if (fromRow >= 0 && fromColumn >= 0) {
                        addTap(x, (fromRow * side + fromColumn) * inputs, t * inputs * outputs, sums);
                    }
                }
                System.arraycopy(sums, 0, y, (row * newSide + column) * outputs, outputs);
            }
        }
        return y;
    }

    /**
     * The input line that tap {@code k} of output line {@code at} reads, or -1 if there is none. Plain: {@code at + k - size/2}.
     * Transposed: input i adds to output 2i + k - 1, so i = (at + 1 - k) / 2 where that is whole.
     */
    private int source(int at, int k, int side) {
        int from = at + k - size / 2;
        if (transposed) {
            if (((at + 1 - k) & 1) != 0) {
                return -1;
            }
            from = (at + 1 - k) >> 1;
        }
        return from < side ? from : -1;
    }

    /** sums += x · W for one tap and one pixel; four inputs at a time, as each pass reads and writes the sums. */
    private void addTap(float[] x, int at, int weights, float[] sums) {
        int i = 0;
        for (; i + 4 <= inputs; i += 4) {
            addFour(weight, weights + i * outputs, x[at + i], x[at + i + 1], x[at + i + 2], x[at + i + 3], sums);
        }
        for (; i < inputs; i++) {
            addOne(weight, weights + i * outputs, x[at + i], sums);
        }
    }

    private static void addFour(float[] w, int at, float a, float b, float c, float d, float[] sums) {
        int n = sums.length;
        for (int o = 0; o < n; o++) {
            sums[o] += a * w[at + o] + b * w[at + n + o] + c * w[at + 2 * n + o] + d * w[at + 3 * n + o];
        }
    }

    private static void addOne(float[] w, int at, float factor, float[] sums) {
        for (int o = 0; o < sums.length; o++) {
            sums[o] += factor * w[at + o];
        }
    }

    /** max(x, 0) in place. */
    static float[] relu(float[] x) {
        for (int i = 0; i < x.length; i++) {
            x[i] = Math.max(x[i], 0);
        }
        return x;
    }
}
