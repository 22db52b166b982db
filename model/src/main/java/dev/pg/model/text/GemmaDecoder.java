package dev.pg.model.text;

import dev.pg.kernels.GeGlu;
import dev.pg.kernels.Mask;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Residual;
import dev.pg.kernels.RmsNorm;
import dev.pg.kernels.Rope;
import dev.pg.kernels.SoftCap;
import dev.pg.model.Compute;
import dev.pg.model.LayerTap;
import dev.pg.model.config.TextConfig;

/**
 * The forward pass of Gemma 1 and 2, after {@code modeling_gemma.py} and {@code modeling_gemma2.py} in transformers. Not
 * thread-safe: it owns the activations.
 */
public final class GemmaDecoder {
    private final Gemma gemma;
    private final Compute compute;
    private final Rope rope;
    private Activations buffers;

    public GemmaDecoder(Gemma gemma, Compute compute) {
        this.gemma = gemma;
        this.compute = compute;
        this.rope = new Rope(gemma.config().headDim(), gemma.config().ropeTheta());
    }

    /**
     * The buffer for the input of a pass: [sequences·rows × hidden], sequence after sequence. Fill it, then call {@link
     * #forward}; it then holds the output of the last layer.
     */
    public Matrix input(int sequences, int rows) {
        if (buffers == null || !buffers.fits(sequences, rows)) {
            buffers = new Activations(gemma.config(), sequences, rows);
        }
        return buffers.hidden;
    }

    /**
     * Runs all layers over what {@link #input} gave. Every sequence adds the same number of rows to its cache.
     *
     * @return the output of the last layer, before the final norm [sequences·rows × hidden]
     */
    public Matrix forward(Sequence[] sequences, LayerTap tap) {
        extend(sequences);
        for (int i = 0; i < gemma.layers().size(); i++) {
            layer(i, sequences, buffers.all);
            tap.layer(i, buffers.hidden);
        }
        return buffers.hidden;
    }

    /**
     * As {@link #forward} for the prompt of one sequence of which only the next token is wanted: the last layer computes keys and
     * values for all rows, and everything else for the last one.
     *
     * @return the last row of the output of the last layer [1 × hidden]
     */
    public Matrix forwardToLast(Sequence sequence) {
        Sequence[] sequences = {sequence};
        extend(sequences);
        int lastLayer = gemma.layers().size() - 1;
        for (int i = 0; i < lastLayer; i++) {
            layer(i, sequences, buffers.all);
        }
        layer(lastLayer, sequences, buffers.last);
        return buffers.last.hidden;
    }

    private void extend(Sequence[] sequences) {
        int rows = buffers.hidden.rows() / buffers.sequences;
        for (int s = 0; s < buffers.sequences; s++) {
            sequences[s].cache.extend(rows);
        }
    }

    private void layer(int i, Sequence[] sequences, Activations.Outputs out) {
        Activations b = buffers;
        Gemma.Layer layer = gemma.layers().get(i);
        float eps = gemma.config().rmsNormEps();
        RmsNorm.apply(compute.workers(), b.hidden, layer.preAttentionNorm(), eps, b.normed);
        compute.matMul().multiply(b.normed, layer.qkv(), b.qkv);
        for (int s = 0; s < b.sequences; s++) {
            attend(i, sequences[s], s, out);
        }
        compute.matMul().multiply(out.attended, layer.out(), out.delta);
        addDelta(out, layer.postAttentionNorm());
        RmsNorm.apply(compute.workers(), out.hidden, layer.preMlpNorm(), eps, out.normed);
        for (int block = 0; block < out.normedBlocks.length; block++) {
            compute.matMul().multiply(out.normedBlocks[block], layer.gateUp(), out.gateUpBlocks[block]);
            GeGlu.apply(compute.workers(), out.gateUpBlocks[block], out.gatedBlocks[block]);
            compute.matMul().multiply(out.gatedBlocks[block], layer.down(), out.deltaBlocks[block]);
        }
        addDelta(out, layer.postMlpNorm());
    }

    private void attend(int layer, Sequence sequence, int s, Activations.Outputs out) {
        TextConfig config = gemma.config();
        Activations b = buffers;
        KvCache cache = sequence.cache;
        int rows = b.keysOf[s].rows();
        int position = cache.length() - rows + sequence.firstPosition;
        rope.apply(compute.workers(), b.queriesOf[s], config.heads(), position);
        rope.apply(compute.workers(), b.keysOf[s], config.kvHeads(), position);
        cache.put(layer, b.keys, b.values, s * rows, rows);
        Mask mask = config.sliding().get(layer) ? sequence.slidingMask : sequence.fullMask;
        compute.attention()
                .apply(
                        out.queriesOf[s],
                        cache.keys(layer),
                        cache.values(layer),
                        config.heads(),
                        config.kvHeads(),
                        config.headDim(),
                        config.attentionScale(),
                        config.attentionSoftCap(),
                        mask,
                        out.attendedOf[s]);
    }

    /** hidden += delta, which Gemma 2 normalises first. */
    private void addDelta(Activations.Outputs out, float[] norm) {
        if (norm != null) {
            RmsNorm.apply(compute.workers(), out.delta, norm, gemma.config().rmsNormEps(), out.delta);
        }
        Residual.add(compute.workers(), out.hidden, out.delta);
    }

    /** The final norm: {@code normed} = RMSNorm(hidden), both [n × hidden]. */
    public void finalNorm(Matrix hidden, Matrix normed) {
        RmsNorm.apply(
                compute.workers(), hidden, gemma.finalNorm(), gemma.config().rmsNormEps(), normed);
    }

    /**
     * The output projection.
     *
     * @param normed rows behind the final norm [n × hidden]
     * @param softCap final soft cap, 0 for none
     * @param logits [n × vocab]
     */
    public void logits(Matrix normed, float softCap, Matrix logits) {
        compute.matMul().multiply(normed, gemma.lmHead(), logits);
        if (softCap > 0) {
            for (int r = 0; r < logits.rows(); r++) {
                SoftCap.apply(logits.data(), logits.at(r), logits.cols(), softCap);
            }
        }
    }
}
