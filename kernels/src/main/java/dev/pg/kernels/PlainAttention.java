package dev.pg.kernels;

/**
 * The vector operations of attention in plain loops, for the time until C2 has compiled them (see {@link WarmUp}): the same operations
 * on the same lanes in the same order, so the same bits.
 */
final class PlainAttention {
    private static final int PANEL = FlashBlock.PANEL;

    private PlainAttention() {}

    /** See {@link OuterProduct#tile}. */
    static void tile(int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, boolean accumulate) {
        for (int r = 0; r < OuterProduct.ROWS; r++) {
            row(depth, a, ai + r * OuterProduct.STRIDE, 1, b, bi, c, ci + r * PANEL, accumulate);
        }
    }

    /** See {@link OuterProduct#transposedTile}. */
    static void transposedTile(int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, boolean accumulate) {
        for (int r = 0; r < OuterProduct.ROWS; r++) {
            row(depth, a, ai + r, OuterProduct.STRIDE, b, bi, c, ci + r * PANEL, accumulate);
        }
    }

    private static void row(
            int depth, float[] a, int ai, int step, float[] b, int bi, float[] c, int ci, boolean accumulate) {
        float[] sums = new float[PANEL];
        for (int p = 0; p < depth; p++) {
            float factor = a[ai + p * step];
            for (int i = 0; i < PANEL; i++) {
                sums[i] = Math.fma(factor, b[bi + p * PANEL + i], sums[i]);
            }
        }
        for (int i = 0; i < PANEL; i++) {
            c[ci + i] = accumulate ? sums[i] + c[ci + i] : sums[i];
        }
    }

    /** As the method of {@link FlashBlock}. */
    static boolean raise(float[] scores, int rows, float[] maximum, int at, float[] old) {
        boolean raised = false;
        for (int lane = 0; lane < PANEL; lane++) {
            old[lane] = maximum[at + lane];
            float max = old[lane];
            for (int i = lane; i < rows * PANEL; i += PANEL) {
                max = scores[i] > max ? scores[i] : max;
            }
            if (max > old[lane] + FlashBlock.SLACK) {
                maximum[at + lane] = max;
                raised = true;
            }
        }
        return raised;
    }

    /** As the method of {@link FlashBlock}. */
    static void exponentials(float[] x, int rows, float[] maximum, int at, float[] sum, int sumAt) {
        for (int i = 0; i < rows * PANEL; i++) {
            int lane = i % PANEL;
            x[i] = Exp.flushed(x[i] - maximum[at + lane]);
            sum[sumAt + lane] += x[i];
        }
    }

    /** As the method of {@link FlashBlock}. */
    static void rescale(float[] x, int at, int rows, float[] factor) {
        for (int i = 0; i < rows * PANEL; i++) {
            x[at + i] *= factor[i % PANEL];
        }
    }

    /** q·k, as {@link DecodeTile} adds it up. */
    static float dot(AttentionProblem p, int q, int key) {
        float[] lanes = new float[VectorSupport.LANES];
        int bound = p.headDim - p.headDim % VectorSupport.LANES;
        for (int d = 0; d < bound; d++) {
            int lane = d % VectorSupport.LANES;
            lanes[lane] = Math.fma(p.q.data()[q + d], p.k.data()[key + d], lanes[lane]);
        }
        float dot = LaneSums.sum(lanes);
        for (int d = bound; d < p.headDim; d++) {
            dot = Math.fma(p.q.data()[q + d], p.k.data()[key + d], dot);
        }
        return dot;
    }

    /** As the method of {@link DecodeTile}, for one head. */
    static void addRows(
            float[] rows,
            int from,
            int stride,
            int count,
            int columns,
            float[] weights,
            int at,
            int step,
            float[] sums,
            int to) {
        for (int i = 0; i < DecodeTile.ROWS; i++) {
            float weight = i < count ? weights[at + i * step] : 0;
            int row = from + Math.min(i, count - 1) * stride;
            for (int c = 0; c < columns; c++) {
                sums[to + c] = Math.fma(weight, rows[row + c], sums[to + c]);
            }
        }
    }

    /** Replaces x by e^(x - max), and returns the sum, as {@link Softmax.Simd#exponentials} does. */
    static float exponentials(float[] x, int offset, int count, float max) {
        float[] lanes = new float[VectorSupport.LANES];
        int bound = count - count % VectorSupport.LANES;
        for (int i = 0; i < bound; i++) {
            x[offset + i] = Exp.flushed(x[offset + i] - max);
            lanes[i % VectorSupport.LANES] += x[offset + i];
        }
        float sum = LaneSums.sum(lanes);
        for (int i = offset + bound; i < offset + count; i++) {
            x[i] = Exp.exp(x[i] - max);
            sum += x[i];
        }
        return sum;
    }
}
