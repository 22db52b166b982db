package dev.pg.kernels;

import dev.pg.core.Workers;

/**
 * Scaled dot-product attention (Vaswani et al., arXiv 1706.03762) for multi-head, grouped-query (arXiv 2305.13245) and
 * multi-query attention, with the optional soft cap of Gemma 2: per head, s = scale · q·k, s = cap · tanh(s / cap), softmax over
 * the keys that the mask shows, and the sum of v weighted by it. A query that sees no key gets zeros.
 *
 * <p>Many queries go through {@link FlashAttention}, a single one through {@link DecodeAttention}. Results do not depend on the
 * number of threads. Not thread-safe: an instance owns scratch memory, a few tiles per worker.
 */
public final class Attention {
    private final AttentionProblem problem = new AttentionProblem();
    private final ScalarAttention scalar;
    private final FlashAttention flash;
    private final DecodeAttention decode;

    public Attention(Workers workers) {
        scalar = new ScalarAttention(workers, problem);
        flash = VectorSupport.AVAILABLE ? new FlashAttention(workers, problem) : null;
        decode = VectorSupport.AVAILABLE ? new DecodeAttention(workers, problem) : null;
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
        problem.set(q, k, v, heads, kvHeads, headDim, scale, softCap, mask, out);
        if (!VectorSupport.AVAILABLE) {
            scalar.run();
        } else if (q.rows() == 1) {
            decode.run();
        } else {
            flash.run();
        }
    }
}
