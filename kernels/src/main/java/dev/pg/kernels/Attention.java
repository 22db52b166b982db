package dev.pg.kernels;

import dev.pg.core.Workers;
import java.util.Arrays;

/**
 * Scaled dot-product attention (Vaswani et al., arXiv 1706.03762) for multi-head, grouped-query (arXiv 2305.13245) and
 * multi-query attention, with the optional soft cap of Gemma 2: per head, s = scale · q·k, s = cap · tanh(s / cap), softmax over
 * the keys that the mask shows, and the sum of v weighted by it. A query that sees no key gets zeros.
 *
 * <p>Many queries go through {@link FlashAttention}, a single one of each sequence through {@link DecodeAttention}. Results do not depend on the
 * number of threads. Not thread-safe: an instance owns scratch memory, a few tiles per worker.
 */
public final class Attention {
    private AttentionProblem[] problems = {new AttentionProblem()};
    private final ScalarAttention scalar;
    private final FlashAttention flash;
    private final DecodeAttention decode;

    public Attention(Workers workers) {
        scalar = new ScalarAttention(workers);
        flash = VectorSupport.AVAILABLE ? new FlashAttention(workers) : null;
        decode = VectorSupport.AVAILABLE ? new DecodeAttention(workers) : null;
    }

    /**
     * Attends from {@code n} queries to {@code m >= n} keys; query i stands at position {@code m - n + i}. All matrices may be
     * column windows; {@code out} may be the same memory as {@code q}, but overlaps neither {@code k} nor {@code v}. For n = 1
     * nothing is allocated once the largest m was seen.
     *
     * @param q [n × heads·headDim]
     * @param k [m × kvHeads·headDim]
     * @param v [m × kvHeads·headDim]
     * @param heads a multiple of {@code kvHeads}; head h reads key/value head h · kvHeads / heads
     * @param scale factor of the scores, usually headDim^-0.5
     * @param softCap 0 for none
     * @param out [n × heads·headDim]
     * @throws IllegalArgumentException if the shapes do not fit together
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
        problems[0].set(q, k, v, heads, kvHeads, headDim, scale, softCap, mask, out);
        solve(1);
    }

    /**
     * As {@link #apply(Matrix, Matrix, Matrix, int, int, int, float, float, Mask, Matrix)} for several sequences, each with keys, values and
     * a mask of its own. A sequence has the bits that it has alone.
     *
     * @throws IllegalArgumentException if shapes do not fit together, or sequences differ in their number of queries
     */
    public void apply(
            Matrix[] q,
            Matrix[] k,
            Matrix[] v,
            int heads,
            int kvHeads,
            int headDim,
            float scale,
            float softCap,
            Mask[] masks,
            Matrix[] out) {
        if (problems.length < q.length) {
            problems = new AttentionProblem[q.length];
            Arrays.setAll(problems, i -> new AttentionProblem());
        }
        for (int i = 0; i < q.length; i++) {
            if (q[i].rows() != q[0].rows()) {
                throw new IllegalArgumentException(q[i].rows() + " queries beside " + q[0].rows());
            }
            problems[i].set(q[i], k[i], v[i], heads, kvHeads, headDim, scale, softCap, masks[i], out[i]);
        }
        solve(q.length);
    }

    private void solve(int count) {
        if (VectorSupport.AVAILABLE && problems[0].queries == 1) {
            decode.run(problems, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            if (VectorSupport.AVAILABLE) {
                flash.run(problems[i]);
            } else {
                scalar.run(problems[i]);
            }
        }
    }
}
