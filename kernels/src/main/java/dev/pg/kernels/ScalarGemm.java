package dev.pg.kernels;

import dev.pg.core.Workers;

/**
 * Matrix products in plain loops: the fallback where nothing better runs. An element of y is one chain of {@link Math#fma} in
 * float, from the first input to the last, started at 0, and the bias is added at the end.
 */
final class ScalarGemm implements MatMul.Backend, Workers.Task {
    /** Weight rows of one task: widened once, then used for every row of x. */
    private static final int ROWS = 4;

    private final Workers workers;
    private final float[][] widened; // one per worker, [ROWS × cols]

    private Matrix x;
    private Matrix y;
    private Linear w;
    private Weights part;
    private int partColumn;

    ScalarGemm(Workers workers) {
        this.workers = workers;
        this.widened = new float[workers.threads()][0];
    }

    @Override
    public void multiply(Matrix x, Linear w, Matrix y) {
        this.x = x;
        this.w = w;
        this.y = y;
        partColumn = 0;
        for (int i = 0; i < w.parts(); i++) {
            part = w.part(i);
            workers.run(Math.ceilDiv(part.rows(), ROWS), this);
            partColumn += part.rows();
        }
    }

    @Override
    public void run(int index, int worker) {
        int cols = w.cols();
        if (widened[worker].length < ROWS * cols) {
            widened[worker] = new float[ROWS * cols];
        }
        float[] rows = widened[worker];
        int first = index * ROWS;
        int count = Math.min(ROWS, part.rows() - first);
        part.unpack(first, count, 0, cols, rows, 0, cols);
        for (int t = 0; t < x.rows(); t++) {
            int out = y.at(t) + partColumn + first;
            for (int r = 0; r < count; r++) {
                y.data()[out + r] = dot(x.data(), x.at(t), rows, r * cols, cols) + w.bias(partColumn + first + r);
            }
        }
    }

    private static float dot(float[] a, int aOffset, float[] b, int bOffset, int length) {
        float sum = 0;
        for (int k = 0; k < length; k++) {
            sum = Math.fma(a[aOffset + k], b[bOffset + k], sum);
        }
        return sum;
    }
}
