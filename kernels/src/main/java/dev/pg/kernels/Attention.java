package dev.pg.kernels;

import dev.pg.core.Workers;
import java.util.Arrays;

/**
 * Scaled dot-product attention (Vaswani et al., arXiv 1706.03762) for multi-head, grouped-query (arXiv 2305.13245) and
 * multi-query attention, with the optional soft cap of Gemma 2: per head, s = scale · q·k, s = cap · tanh(s / cap), softmax over
 * the keys that the mask shows, and the sum of v weighted by it. A query that sees no key gets zeros.
 *
 * <p>Results do not depend on the number of threads. Not thread-safe: an instance owns its workers' scratch memory.
 */
public final class Attention {
    private final Workers workers;
    private final float[][] scores; // [worker][keys]: one row of scores per worker

    public Attention(Workers workers) {
        this.workers = workers;
        this.scores = new float[workers.threads()][0];
    }

    /**
     * Attends from {@code n} queries to {@code m >= n} keys; query i stands at position {@code m - n + i}. All matrices may be
     * column windows; {@code out} may be the same memory as {@code q}, but overlaps neither {@code k} nor {@code v}.
     *
     * @param q [n × heads·headDim]
     * @param k [m × kvHeads·headDim]
     * @param v [m × kvHeads·headDim]
     * @param heads a multiple of {@code kvHeads}; head h reads key/value head h · kvHeads / heads
     * @param scale positive factor of the scores, usually headDim^-0.5
     * @param softCap 0 for none
     * @param out [n × heads·headDim]
     */
    public void apply(
            Matrix q,
            Matrix k,
            Matrix v,
            int heads,
            int kvHeads,
            int headDim,
            float scale,
            float softCap,
            Mask mask,
            Matrix out) {
        check(q, k, v, heads, kvHeads, headDim, out);
        for (int w = 0; w < scores.length; w++) {
            if (scores[w].length < k.rows()) {
                scores[w] = new float[Math.max(k.rows(), 2 * scores[w].length)];
            }
        }
        int group = heads / kvHeads;
        int n = q.rows();
        workers.run(n * heads, (index, worker) -> {
            int head = index / n;
            int row = index % n;
            int position = k.rows() - n + row;
            int kv = head / group * headDim;
            Scalar.query(
                    q.data(),
                    q.at(row) + head * headDim,
                    k.columns(kv, headDim),
                    v.columns(kv, headDim),
                    Math.max(0, mask.first(position)),
                    Math.min(k.rows(), mask.end(position)),
                    scale,
                    softCap,
                    scores[worker],
                    out.data(),
                    out.at(row) + head * headDim);
        });
    }

    private static void check(Matrix q, Matrix k, Matrix v, int heads, int kvHeads, int headDim, Matrix out) {
        if (kvHeads <= 0 || heads % kvHeads != 0) {
            throw new IllegalArgumentException(heads + " heads cannot share " + kvHeads + " key/value heads evenly");
        }
        if (q.cols() != heads * headDim || out.cols() != q.cols() || out.rows() != q.rows()) {
            throw new IllegalArgumentException("queries [" + q.rows() + " x " + q.cols() + "] and result [" + out.rows()
                    + " x " + out.cols() + "] do not fit " + heads + " heads of " + headDim);
        }
        if (k.cols() != kvHeads * headDim || v.cols() != k.cols() || v.rows() != k.rows() || k.rows() < q.rows()) {
            throw new IllegalArgumentException(
                    "keys [" + k.rows() + " x " + k.cols() + "] and values [" + v.rows() + " x " + v.cols()
                            + "] do not fit " + q.rows() + " queries and " + kvHeads + " heads of " + headDim);
        }
    }

    static final class Scalar {
        private Scalar() {}

        /** One query against the keys [first, end) of its head, k and v being [m × headDim]. */
        static void query(
                float[] q,
                int qOffset,
                Matrix k,
                Matrix v,
                int first,
                int end,
                float scale,
                float softCap,
                float[] scores,
                float[] out,
                int outOffset) {
            int headDim = k.cols();
            for (int j = first; j < end; j++) {
                double dot = 0;
                for (int i = 0; i < headDim; i++) {
                    dot += (double) q[qOffset + i] * k.data()[k.at(j) + i];
                }
                scores[j] = (float) (dot * scale);
            }
            Arrays.fill(out, outOffset, outOffset + headDim, 0);
            if (first >= end) {
                return;
            }
            if (softCap > 0) {
                SoftCap.apply(scores, first, end - first, softCap);
            }
            Softmax.apply(scores, first, end - first);
            for (int j = first; j < end; j++) {
                for (int i = 0; i < headDim; i++) {
                    out[outOffset + i] = Math.fma(scores[j], v.data()[v.at(j) + i], out[outOffset + i]);
                }
            }
        }
    }
}
