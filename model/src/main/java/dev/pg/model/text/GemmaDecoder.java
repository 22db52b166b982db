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
        TextConfig config = gemma.config();
        Activations b = buffers;
        int rows = b.hidden.rows() / b.sequences;
        for (int s = 0; s < b.sequences; s++) {
            sequences[s].cache.extend(rows);
        }
        for (int i = 0; i < config.layers(); i++) {
            Gemma.Layer layer = gemma.layers().get(i);
            RmsNorm.apply(compute.workers(), b.hidden, layer.preAttentionNorm(), config.rmsNormEps(), b.normed);
            compute.matMul().multiply(b.normed, layer.qkv(), b.qkv);
            for (int s = 0; s < b.sequences; s++) {
                attend(i, sequences[s], s, rows);
            }
            compute.matMul().multiply(b.attended, layer.out(), b.delta);
            addDelta(layer.postAttentionNorm());
            RmsNorm.apply(compute.workers(), b.hidden, layer.preMlpNorm(), config.rmsNormEps(), b.normed);
            for (int block = 0; block < b.normedBlocks.length; block++) {
                compute.matMul().multiply(b.normedBlocks[block], layer.gateUp(), b.gateUpBlocks[block]);
                GeGlu.apply(compute.workers(), b.gateUpBlocks[block], b.gatedBlocks[block]);
                compute.matMul().multiply(b.gatedBlocks[block], layer.down(), b.deltaBlocks[block]);
            }
            addDelta(layer.postMlpNorm());
            tap.layer(i, b.hidden);
        }
        return b.hidden;
    }

    private void attend(int layer, Sequence sequence, int s, int rows) {
        TextConfig config = gemma.config();
        Activations b = buffers;
        KvCache cache = sequence.cache;
        int position = cache.length() - rows + sequence.firstPosition;
        rope.apply(compute.workers(), b.queriesOf[s], config.heads(), position);
        rope.apply(compute.workers(), b.keysOf[s], config.kvHeads(), position);
        cache.put(layer, b.keys, b.values, s * rows, rows);
        Mask mask = config.sliding().get(layer) ? sequence.slidingMask : sequence.fullMask;
        compute.attention()
                .apply(
                        b.queriesOf[s],
                        cache.keys(layer),
                        cache.values(layer),
                        config.heads(),
                        config.kvHeads(),
                        config.headDim(),
                        config.attentionScale(),
                        config.attentionSoftCap(),
                        mask,
                        b.attendedOf[s]);
    }

    /** hidden += delta, which Gemma 2 normalises first. */
    private void addDelta(float[] norm) {
        if (norm != null) {
            RmsNorm.apply(compute.workers(), buffers.delta, norm, gemma.config().rmsNormEps(), buffers.delta);
        }
        Residual.add(compute.workers(), buffers.hidden, buffers.delta);
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
