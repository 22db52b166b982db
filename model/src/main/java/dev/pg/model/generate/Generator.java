package dev.pg.model.generate;

import java.util.List;

/**
 * Turns {@link Sequences} into text ids: greedily, by sampling, or by beam search. Stateless and thread-safe; each
 * {@code Sequences} belongs to one call.
 */
public final class Generator {
    private Generator() {}

    /**
     * Continues the prompts.
     *
     * <p>With {@code options.beams() == 1} every row of {@code prompts} is a prompt of its own, and the result has one element
     * per row, in their order. A row that ends is dropped from {@code prompts}, so that the remaining steps do not compute it.
     * Each row is the same as if it had been generated alone. Greedy steps allocate nothing.
     *
     * <p>With more beams {@code prompts} holds one row, and the result has up to {@code options.returnCount()} candidates, best
     * first. (Fewer if a {@link BeamStyle#BIG_VISION} search ends before it has found so many.)
     *
     * @param prompts sequences that stand at the end of their prompts; used up by this call
     * @param listener hears every token, {@link TokenListener#NONE} if nobody does
     * @throws dev.pg.core.PgException if the logits contain NaN, or the context is too short for {@code maxTokens}
     * @throws IllegalArgumentException if beam search is asked for more than one prompt
     */
    public static List<Generated> generate(Sequences prompts, GenerationOptions options, TokenListener listener) {
        if (options.beams() == 1) {
            return new Generation(prompts, options, listener).run();
        }
        if (prompts.size() != 1) {
            throw new IllegalArgumentException(
                    "beam search takes one prompt at a time, not " + prompts.size() + " rows");
        }
        return BeamSearch.of(prompts, options, listener).run();
    }
}
