package dev.pg.model.text;

import dev.pg.kernels.GeGlu;
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
            layer(i, sequences, buffers.queriesOf, buffers.blocks);
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
            layer(i, sequences, buffers.queriesOf, buffers.blocks);
        }
        layer(lastLayer, sequences, buffers.lastQuery, buffers.lastBlock);
        return buffers.lastBlock[0].hidden;
    }

    private void extend(Sequence[] sequences) {
        int rows = buffers.hidden.rows() / buffers.sequences;
        for (int s = 0; s < buffers.sequences; s++) {
            sequences[s].cache.extend(rows);
        }
    }

    /**
     * Computes keys and values of all rows, and everything else for some.
     *
     * @param queriesOf per sequence, the rows that attend
     * @param out the same rows in blocks
     */
    private void layer(int i, Sequence[] sequences, Matrix[] queriesOf, Activations.Block[] out) {
        Gemma.Layer layer = gemma.layers().get(i);
        for (Activations.Block block : buffers.blocks) {
            project(i, sequences, block);
        }
        attend(i, sequences, queriesOf);
        for (Activations.Block block : out) {
            compute.matMul().multiply(block.queries, layer.out(), block.branch);
            addBranch(block, layer.postAttentionNorm());
            norm(block, layer.preMlpNorm());
            compute.matMul().multiply(block.branch, layer.gateUp(), block.gateUp);
            GeGlu.apply(compute.workers(), block.gateUp, block.gated);
            compute.matMul().multiply(block.gated, layer.down(), block.branch);
            addBranch(block, layer.postMlpNorm());
        }
    }

    /** Queries, keys and values of a block, rotated and put where attention finds them. */
    private void project(int i, Sequence[] sequences, Activations.Block block) {
        TextConfig config = gemma.config();
        Gemma.Layer layer = gemma.layers().get(i);
        norm(block, layer.preAttentionNorm());
        compute.matMul().multiply(block.branch, layer.qkv(), block.qkv);
        int rows = block.keysOf[0].rows();
        for (int s = 0; s < buffers.sequences; s++) {
            KvCache cache = sequences[s].cache;
            int at = cache.length() - buffers.queriesOf[s].rows() + block.first;
            int position = at + sequences[s].firstPosition;
            rope.apply(compute.workers(), block.queriesOf[s], config.heads(), position);
            rope.apply(compute.workers(), block.keysOf[s], config.kvHeads(), position);
            cache.put(i, at, block.keys, block.values, s * rows, rows);
        }
        block.keepQueries();
    }

    private void attend(int layer, Sequence[] sequences, Matrix[] queries) {
        TextConfig config = gemma.config();
        for (int s = 0; s < buffers.sequences; s++) {
            buffers.cachedKeys[s] = sequences[s].cache.keys(layer);
            buffers.cachedValues[s] = sequences[s].cache.values(layer);
            buffers.masks[s] = config.sliding().get(layer) ? sequences[s].slidingMask : sequences[s].fullMask;
        }
        compute.attention()
                .apply(
                        queries,
                        buffers.cachedKeys,
                        buffers.cachedValues,
                        config.heads(),
                        config.kvHeads(),
                        config.headDim(),
                        config.attentionScale(),
                        config.attentionSoftCap(),
                        buffers.masks,
                        queries);
    }

    /** branch = RMSNorm(hidden) */
    private void norm(Activations.Block block, float[] weight) {
        RmsNorm.apply(compute.workers(), block.hidden, weight, gemma.config().rmsNormEps(), block.branch);
    }

    /** hidden += branch, which Gemma 2 normalises first. */
    private void addBranch(Activations.Block block, float[] norm) {
        if (norm != null) {
            RmsNorm.apply(compute.workers(), block.branch, norm, gemma.config().rmsNormEps(), block.branch);
        }
        Residual.add(compute.workers(), block.hidden, block.branch);
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
