package dev.pg.model.generate;

import java.util.Arrays;

/**
 * A sequence in a beam search. Immutable.
 *
 * @param parent index, among the live beams, of the one that this beam extends
 * @param ids the generated tokens so far
 * @param logProbs the log-probability of each
 * @param sum their sum, in double
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Beam(int parent, int[] ids, float[] logProbs, double sum) {
    /** Nothing behind the prompt yet. */
    static final Beam EMPTY = new Beam(0, new int[0], new float[0], 0);

    /** This beam, which is the live beam number {@code index}, with one more token of log-probability {@code newSum - sum}. */
    Beam plus(int index, int id, double newSum) {
        int[] longerIds = Arrays.copyOf(ids, ids.length + 1);
        float[] longerLogProbs = Arrays.copyOf(logProbs, ids.length + 1);
        longerIds[ids.length] = id;
        longerLogProbs[ids.length] = (float) (newSum - sum);
        return new Beam(index, longerIds, longerLogProbs, newSum);
    }

    /** The newest token. */
    int last() {
        return ids[ids.length - 1];
    }
}
