package dev.pg.model.generate;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** One prompt of a batch while it is continued: what was generated so far. */
final class Row {
    /** The random stream of every row; part of the contract, because a seed must give the same text next year. */
    private static final RandomGeneratorFactory<RandomGenerator> RANDOM = RandomGeneratorFactory.of("L64X128MixRandom");

    private static final float[] NONE = {};

    final int index; // of the prompt in the batch
    final RandomGenerator random;
    private final boolean keepLogProbs;
    private final BeamStyle scoreStyle;
    private int[] ids;
    private float[] logProbs;
    private int count;
    private double sum; // of the log-probabilities

    Row(int index, GenerationOptions options) {
        this.index = index;
        random = RANDOM.create(options.seed());
        keepLogProbs = options.logProbs();
        scoreStyle = options.beamStyle();
        int capacity = Math.min(options.maxTokens(), 256);
        ids = new int[capacity];
        logProbs = keepLogProbs ? new float[capacity] : NONE;
    }

    /** Number of generated tokens. */
    int count() {
        return count;
    }

    /** Appends a token; {@code logProb} counts only if log-probabilities were asked for. */
    void add(int id, double logProb) {
        if (count == ids.length) {
            ids = Arrays.copyOf(ids, 2 * count);
            logProbs = keepLogProbs ? Arrays.copyOf(logProbs, 2 * count) : NONE;
        }
        ids[count] = id;
        if (keepLogProbs) {
            logProbs[count] = (float) logProb;
            sum += logProb;
        }
        count++;
    }

    /** The result; with {@link FinishReason#STOP} the last token is the stop token. */
    Generated end(FinishReason reason) {
        boolean stopped = reason == FinishReason.STOP;
        return new Generated(
                Arrays.copyOf(ids, stopped ? count - 1 : count),
                reason,
                stopped ? ids[count - 1] : -1,
                keepLogProbs ? scoreStyle.score(sum, count) : Double.NaN,
                keepLogProbs ? Arrays.copyOf(logProbs, count) : NONE);
    }
}
