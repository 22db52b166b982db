package dev.pg.model;

import dev.pg.model.generate.FinishReason;
import java.util.List;

/**
 * What a model wrote.
 *
 * @param candidates the sequences, best first; one, unless a beam search was asked for more
 * @param timings where the time went; shared by all prompts of a batch
 */
public record Completion(List<Candidate> candidates, Timings timings) {
    /**
     * One sequence.
     *
     * @param ids generated token ids, without the end token
     * @param text the ids as text, or empty if the model has no tokenizer
     * @param finishReason why it ended
     * @param stopId the end token, or -1 if it ended otherwise
     * @param score log-probability as the beam style defines it, NaN without beams and log-probabilities
     * @param logProbs of each token, the end token's last; empty unless asked for
     */
    @SuppressWarnings("ArrayRecordComponent") // results to read, not values to compare
    public record Candidate(
            int[] ids, String text, FinishReason finishReason, int stopId, double score, float[] logProbs) {}

    /**
     * Wall-clock times and counts.
     *
     * @param imageSeconds resizing and encoding of the pictures
     * @param prefillSeconds running the prompts through the decoder
     * @param decodeSeconds everything behind the first logits
     * @param promptTokens of all prompts, image tokens included
     * @param generatedTokens of all prompts, end tokens not included
     */
    public record Timings(
            double imageSeconds, double prefillSeconds, double decodeSeconds, int promptTokens, int generatedTokens) {}

    /** The best candidate. */
    public Candidate best() {
        return candidates.getFirst();
    }

    /** Text of the best candidate. */
    public String text() {
        return best().text();
    }

    /** Ids of the best candidate. */
    public int[] ids() {
        return best().ids();
    }
}
