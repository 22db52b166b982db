package dev.pg.model.generate;

import dev.pg.kernels.Matrix;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code _beam_decode} of big_vision (trainers/proj/paligemma/predict_fns.py), which knows one stop token and returns the
 * single best sequence; here there may be several of both. Every live beam is tried with each stop token behind it, so a
 * result always exists.
 */
final class BigVisionBeamSearch extends BeamSearch {
    private final Candidates candidates;

    BigVisionBeamSearch(Sequences prompt, GenerationOptions options, TokenListener listener) {
        super(prompt, options, listener, options.returnCount());
        if (stopIds.size() == 0) {
            throw new IllegalArgumentException("BIG_VISION beam search needs a stop id that the model knows: none of "
                    + options.stopIds() + " is in [0, " + prompt.vocabulary() + ")");
        }
        candidates = new Candidates(options.beams());
    }

    @Override
    List<Beam> extend(int length) {
        Matrix logits = sequences.logits();
        for (int i = 0; i < live.size(); i++) {
            for (int s = 0; s < stopIds.size(); s++) {
                int stop = stopIds.get(s);
                double logProb = logits.get(i, stop) - normalisers[i];
                finish(live.get(i).plus(i, stop, live.get(i).sum() + logProb), FinishReason.STOP);
            }
        }
        // The best n of the top n + 1 of each beam without the stop token are the best n of all that are no stop
        // tokens.
        candidates.collect(live, logits, normalisers, id -> !stopIds.contains(id));
        List<Beam> next = new ArrayList<>();
        for (int rank = 0; rank < candidates.size(); rank++) {
            next.add(candidates.beam(rank, live));
        }
        return next;
    }

    /** {@code _beam_early_stop}: longer sequences only lose probability, so the best live one has lost. */
    @Override
    boolean isSettled(List<Beam> next) {
        return next.getFirst().sum() < finished.getFirst().score();
    }
}
