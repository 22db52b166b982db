package dev.pg.kernels;

/**
 * The operands of one {@link Attention} call, checked, with the mask cut to the keys there are. One instance is reused from
 * call to call, so that a decoding step allocates nothing.
 */
final class AttentionProblem {
    Matrix q; // [n × heads·headDim]
    Matrix k; // [m × kvHeads·headDim]
    Matrix v; // [m × kvHeads·headDim]
    Matrix out; // [n × heads·headDim]
    int queries; // n
    int keys; // m
    int heads;
    int kvHeads;
    int group; // query heads that share a key/value head
    int headDim;
    float scale;
    float softCap; // 0: none
    private Mask mask;

    void set(
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
        this.q = q;
        this.k = k;
        this.v = v;
        this.out = out;
        this.queries = q.rows();
        this.keys = k.rows();
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.group = heads / kvHeads;
        this.headDim = headDim;
        this.scale = scale;
        this.softCap = softCap;
        this.mask = mask;
    }

    /** The first key that query row {@code i} sees. */
    int first(int i) {
        return Math.max(0, mask.first(keys - queries + i));
    }

    /** One past the last key that query row {@code i} sees; not above {@link #first} if it sees none. */
    int end(int i) {
        return Math.min(keys, mask.end(keys - queries + i));
    }
}
