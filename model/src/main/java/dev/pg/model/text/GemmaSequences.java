package dev.pg.model.text;

import dev.pg.kernels.Matrix;
import dev.pg.model.Compute;
import dev.pg.model.LayerTap;
import dev.pg.model.generate.Sequences;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Sequences that a Gemma decoder continues side by side, one token each per step. Each has a cache of its own length, so prompts
 * of different lengths need no padding, and a row of a batch computes what it would compute alone. Not thread-safe.
 */
public final class GemmaSequences implements Sequences {
    private final Gemma gemma;
    private final GemmaDecoder decoder;
    private final float softCap;
    private final Matrix normed; // [size × hidden]
    private final Matrix logits; // [size × vocab]
    private Sequence[] sequences = {};

    /**
     * No sequences yet.
     *
     * @param softCap cap on the logits, 0 for none
     */
    public GemmaSequences(Gemma gemma, Compute compute, float softCap) {
        this.gemma = gemma;
        this.decoder = new GemmaDecoder(gemma, compute);
        this.softCap = softCap;
        this.normed = new Matrix(0, gemma.config().hiddenSize());
        this.logits = new Matrix(0, gemma.config().vocabSize());
    }

    /**
     * Adds a sequence: runs its prompt through the decoder and appends the logits of its last token.
     *
     * @param more tokens to make room for behind the prompt
     */
    public void add(Prompt prompt, int more) {
        add(prompt, prompt.sequence(gemma, more));
    }

    /**
     * Adds a sequence with what is in its cache already: runs {@code prompt}, which comes behind that, through the decoder and appends
     * the logits of its last token.
     */
    public void add(Prompt prompt, Sequence sequence) {
        Matrix x = decoder.input(1, prompt.ids().length);
        prompt.embed(gemma, x);
        Matrix hidden = decoder.forwardToLast(sequence);
        sequences = Arrays.copyOf(sequences, size() + 1);
        sequences[size() - 1] = sequence;
        normed.reshape(size());
        logits.reshape(size());
        Matrix last = normed.rows(size() - 1, 1);
        decoder.finalNorm(hidden, last);
        decoder.logits(last, softCap, logits.rows(size() - 1, 1));
    }

    @Override
    public int size() {
        return sequences.length;
    }

    @Override
    public int vocabulary() {
        return gemma.config().vocabSize();
    }

    @Override
    public Matrix logits() {
        return logits;
    }

    @Override
    public void step(int[] tokens) {
        Matrix x = decoder.input(size(), 1);
        for (int s = 0; s < size(); s++) {
            gemma.embed(tokens[s], x, s);
        }
        decoder.finalNorm(decoder.forward(sequences, LayerTap.NONE), normed);
        decoder.logits(normed, softCap, logits);
    }

    /**
     * The first row to continue a parent takes over its cache. Further ones copy it, into the cache of a parent that nobody
     * continues if there is one: a beam search then allocates no caches.
     */
    @Override
    public void reorder(int[] parents) {
        boolean[] taken = new boolean[sequences.length];
        for (int parent : parents) {
            taken[parent] = true;
        }
        Deque<KvCache> spare = new ArrayDeque<>();
        for (int row = 0; row < sequences.length; row++) {
            if (!taken[row]) {
                spare.add(sequences[row].cache);
            }
        }
        Sequence[] next = new Sequence[parents.length];
        for (int row = 0; row < parents.length; row++) {
            Sequence parent = sequences[parents[row]];
            if (taken[parents[row]]) {
                next[row] = parent;
                taken[parents[row]] = false;
            } else {
                KvCache copy = spare.isEmpty() ? new KvCache(gemma.config(), parent.length() + 1) : spare.remove();
                next[row] = parent.fork(copy);
            }
        }
        sequences = next;
        normed.reshape(size());
        logits.reshape(size());
    }
}
