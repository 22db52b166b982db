package dev.pg.model.generate;

import dev.pg.kernels.Matrix;

/**
 * A toy language model: the logits are a hash of all tokens generated so far. testdata/golden-pg/decoding/make.py has the same
 * model for transformers, equal to the last bit. Strict about the contract of {@link Sequences}.
 */
final class HashedSequences implements Sequences {
    private final int vocabulary;
    private final float spread;
    private final int[] favoured;
    private final float bias;
    private final Matrix logits;
    private long[] states;
    private boolean current;
    private long computedRows;

    /**
     * @param seeds one per prompt
     * @param spread logits lie in [0, spread)
     * @param favoured tokens whose logits are raised
     * @param bias by how much
     */
    HashedSequences(long[] seeds, int vocabulary, float spread, int[] favoured, float bias) {
        this.vocabulary = vocabulary;
        this.spread = spread;
        this.favoured = favoured;
        this.bias = bias;
        logits = new Matrix(seeds.length, vocabulary);
        states = new long[seeds.length];
        for (int i = 0; i < seeds.length; i++) {
            states[i] = mix(seeds[i]);
        }
        compute();
    }

    static HashedSequences of(int vocabulary, long... seeds) {
        return new HashedSequences(seeds, vocabulary, 4, new int[0], 0);
    }

    /** How many rows of logits were computed in all. */
    long computedRows() {
        return computedRows;
    }

    @Override
    public int size() {
        return states.length;
    }

    @Override
    public int vocabulary() {
        return vocabulary;
    }

    @Override
    public Matrix logits() {
        if (!current) {
            throw new IllegalStateException("logits between reorder and step");
        }
        return logits;
    }

    @Override
    public void step(int[] tokens) {
        if (tokens.length != states.length) {
            throw new IllegalArgumentException(tokens.length + " tokens for " + states.length + " rows");
        }
        for (int i = 0; i < tokens.length; i++) {
            states[i] = mix(states[i] + tokens[i] + 1);
        }
        compute();
    }

    @Override
    public void reorder(int[] parents) {
        long[] former = states;
        states = new long[parents.length];
        for (int i = 0; i < parents.length; i++) {
            states[i] = former[parents[i]];
        }
        logits.reshape(parents.length);
        current = false;
    }

    private void compute() {
        for (int row = 0; row < states.length; row++) {
            int at = logits.at(row);
            for (int id = 0; id < vocabulary; id++) {
                long hash = mix(states[row] ^ (id + 1) * 0x9E3779B97F4A7C15L);
                logits.data()[at + id] = (hash >>> 44) / (float) (1 << 20) * spread;
            }
            for (int id : favoured) {
                logits.data()[at + id] += bias;
            }
        }
        current = true;
        computedRows += states.length;
    }

    /** The finaliser of SplitMix64. */
    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
