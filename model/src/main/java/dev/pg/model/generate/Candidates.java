package dev.pg.model.generate;

import dev.pg.kernels.Matrix;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * The best continuations of all live beams by one token: the {@code capacity} largest sums of log-probabilities over
 * [beams × vocabulary], best first; of equals, the one of the earlier beam and then the lower id. Reused from step to step.
 */
final class Candidates {
    private final int[] parents; // [capacity], index of the beam
    private final int[] ids; // [capacity], the token
    private final double[] sums; // [capacity], descending
    private int size;

    Candidates(int capacity) {
        parents = new int[capacity];
        ids = new int[capacity];
        sums = new double[capacity];
    }

    /**
     * Collects the continuations of {@code beams}, whose logits are the rows of {@code logits}.
     *
     * @param normalisers logSumExp of each row
     * @param admitted which tokens count
     */
    void collect(List<Beam> beams, Matrix logits, double[] normalisers, IntPredicate admitted) {
        size = 0;
        float[] x = logits.data();
        for (int beam = 0; beam < beams.size(); beam++) {
            double base = beams.get(beam).sum() - normalisers[beam];
            int at = logits.at(beam);
            for (int id = 0; id < logits.cols(); id++) {
                double sum = base + x[at + id];
                if ((size < sums.length || sum > sums[size - 1])
                        && sum > Double.NEGATIVE_INFINITY
                        && admitted.test(id)) {
                    insert(beam, id, sum);
                }
            }
        }
    }

    private void insert(int beam, int id, double sum) {
        int place = size < sums.length ? size++ : size - 1;
        while (place > 0 && sums[place - 1] < sum) {
            parents[place] = parents[place - 1];
            ids[place] = ids[place - 1];
            sums[place] = sums[place - 1];
            place--;
        }
        parents[place] = beam;
        ids[place] = id;
        sums[place] = sum;
    }

    /** Number of candidates: the capacity, unless the vocabulary is tiny. */
    int size() {
        return size;
    }

    /** Candidate {@code rank} as a beam; {@code live} are the beams that were collected from. */
    Beam beam(int rank, List<Beam> live) {
        return live.get(parents[rank]).plus(parents[rank], ids[rank], sums[rank]);
    }
}
