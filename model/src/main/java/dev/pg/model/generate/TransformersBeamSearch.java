package dev.pg.model.generate;

import java.util.ArrayList;
import java.util.List;

/**
 * {@code GenerationMixin._beam_search} of transformers 5.18 (generation/utils.py) with {@code length_penalty=1.0},
 * {@code early_stopping=False} and one prompt.
 *
 * <p>Where transformers pads its tensors with beams of score -1e9 (before the first step, and for hypotheses not found yet),
 * there is no beam here.
 */
final class TransformersBeamSearch extends BeamSearch {
    private final Candidates candidates;

    TransformersBeamSearch(Sequences prompt, GenerationOptions options, TokenListener listener) {
        super(prompt, options, listener, options.beams());
        // beams_to_keep: however many of the best candidates are stop tokens, enough are left to go on with.
        candidates = new Candidates(Math.max(2, 1 + stopIds.size()) * options.beams());
    }

    @Override
    List<Beam> extend(int length) {
        candidates.collect(live, sequences.logits(), normalisers, id -> true);
        List<Beam> next = new ArrayList<>();
        for (int rank = 0; rank < candidates.size(); rank++) {
            Beam beam = candidates.beam(rank, live);
            boolean stops = stopIds.contains(beam.last());
            if (stops || length == options.maxTokens()) {
                // top_num_beam_mask: a sequence that ends behind the first places is lost.
                if (rank < options.beams()) {
                    finish(beam, stops ? FinishReason.STOP : FinishReason.LENGTH);
                }
            } else if (next.size() < options.beams()) {
                next.add(beam);
            }
        }
        return next;
    }

    /**
     * {@code _check_early_stop_heuristic}: as many sequences as there are beams have ended, and the worst of them is as good
     * as the best live one would be if it ended now.
     */
    @Override
    boolean isSettled(List<Beam> next) {
        Beam best = next.getFirst();
        return finished.size() == options.beams()
                && !(options.beamStyle().score(best.sum(), best.ids().length)
                        > finished.getLast().score());
    }
}
