package dev.pg.model.generate;

import dev.pg.kernels.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Beam search over one prompt: live sequences grow side by side, and each step keeps the best of all their continuations. What
 * ends a sequence and when no better one can be expected is for the subclasses to say, one for each {@link BeamStyle}.
 */
abstract sealed class BeamSearch permits TransformersBeamSearch, BigVisionBeamSearch {
    final GenerationOptions options;
    final StopIds stopIds;
    final Sequences sequences;

    /** The sequences being extended, best first; row i of {@code sequences} is {@code live.get(i)}. */
    List<Beam> live = List.of(Beam.EMPTY);

    /** Log of the sum of the exponentials of each live row's logits. */
    final double[] normalisers; // [beams]

    /** Ended sequences, best first, no more than {@code finishedLimit}. */
    final List<Generated> finished = new ArrayList<>();

    private final int finishedLimit;
    private final TokenListener listener;

    BeamSearch(Sequences prompt, GenerationOptions options, TokenListener listener, int finishedLimit) {
        this.sequences = prompt;
        this.options = options;
        this.listener = listener;
        this.finishedLimit = finishedLimit;
        stopIds = new StopIds(options.stopIds(), prompt.vocabulary());
        normalisers = new double[options.beams()];
    }

    static BeamSearch of(Sequences prompt, GenerationOptions options, TokenListener listener) {
        return switch (options.beamStyle()) {
            case TRANSFORMERS -> new TransformersBeamSearch(prompt, options, listener);
            case BIG_VISION -> new BigVisionBeamSearch(prompt, options, listener);
        };
    }

    /**
     * Extends the live beams by one token: reports those that end to {@link #finish} and returns those that go on.
     *
     * @param length number of tokens that the new beams have
     * @return at most {@code options.beams()} beams, best first; what is returned at the largest length is not extended
     */
    abstract List<Beam> extend(int length);

    /** Whether the search is over, because none of the {@code next} beams can be expected to beat the finished ones. */
    abstract boolean isSettled(List<Beam> next);

    /** Searches to the end: at most {@code options.returnCount()} sequences, best first. */
    final List<Generated> run() {
        if (options.maxTokens() == 0) {
            return List.of(new Generated(new int[0], FinishReason.LENGTH, -1, 0, new float[0]));
        }
        boolean searching = true;
        for (int length = 1; searching; length++) {
            normalise();
            List<Beam> next = extend(length);
            searching = length < options.maxTokens() && !next.isEmpty() && !isSettled(next);
            if (searching && !listener.token(0, next.getFirst().last())) {
                next.forEach(beam -> finish(beam, FinishReason.CANCELLED));
                searching = false;
            }
            if (searching) {
                live = next;
                sequences.reorder(next.stream().mapToInt(Beam::parent).toArray());
                sequences.step(next.stream().mapToInt(Beam::last).toArray());
            }
        }
        return List.copyOf(finished.subList(0, Math.min(options.returnCount(), finished.size())));
    }

    private void normalise() {
        Matrix logits = sequences.logits();
        float[] x = logits.data();
        for (int i = 0; i < live.size(); i++) {
            int at = logits.at(i);
            int best = Logits.argmax(x, at, logits.cols());
            normalisers[i] = Logits.logSumExp(x, at, logits.cols(), x[at + best]);
        }
    }

    /** Ranks an ended beam among the finished ones; of equals, the one that ended first is better. */
    final void finish(Beam beam, FinishReason reason) {
        double score = options.beamStyle().score(beam.sum(), beam.ids().length);
        int place = finished.size();
        while (place > 0 && finished.get(place - 1).score() < score) {
            place--;
        }
        if (place == finishedLimit) {
            return;
        }
        boolean stopped = reason == FinishReason.STOP;
        int[] ids = stopped ? Arrays.copyOf(beam.ids(), beam.ids().length - 1) : beam.ids();
        float[] logProbs = options.logProbs() ? beam.logProbs() : new float[0];
        finished.add(place, new Generated(ids, reason, stopped ? beam.last() : -1, score, logProbs));
        if (finished.size() > finishedLimit) {
            finished.removeLast();
        }
    }
}
