package dev.pg.model.generate;

import java.util.Set;

/**
 * How to choose tokens. Immutable; start from {@link #DEFAULT} and change what differs:
 * {@code DEFAULT.withMaxTokens(64).withStopIds(Set.of(1))}.
 *
 * <p>Temperature, top-k and top-p apply in this order, as in transformers: each filter sees the renormalised result of the
 * one before.
 *
 * @param maxTokens largest number of generated tokens, the stop token included; 0 gives an empty result
 * @param temperature what logits are divided by before sampling, finite and ≥ 0; 0 always takes the most likely token (of
 *     equals, the lowest id) and makes {@code topK}, {@code topP} and {@code seed} meaningless
 * @param topK sample from the {@code topK} most likely tokens only (and those that tie with the last of them); 0 for all
 * @param topP sample from the smallest set of most likely tokens whose probabilities sum to {@code topP} at least, in (0, 1];
 *     1 for all (nucleus sampling: Holtzman et al. 2020, arXiv:1904.09751)
 * @param seed start of the random stream; every row of a batch uses a stream of its own with this same seed, so that a row
 *     gives the same text as its prompt alone
 * @param stopIds tokens that end a sequence; may be empty
 * @param beams width of the beam search, ≥ 1; with 1 there is no search, whatever the style, and the result is the greedy (or
 *     sampled) one. This is what transformers does; big_vision's own search of width 1 weighs ending early against going on
 * @param beamStyle which beam search, and which kind of score
 * @param returnCount how many of the best sequences a beam search returns, in [1, beams]
 * @param logProbs whether to report the log-probability of each token
 */
public record GenerationOptions(
        int maxTokens,
        double temperature,
        int topK,
        double topP,
        long seed,
        Set<Integer> stopIds,
        int beams,
        BeamStyle beamStyle,
        int returnCount,
        boolean logProbs) {

    /** Greedy, at most 256 tokens, no stop ids. */
    public static final GenerationOptions DEFAULT =
            new GenerationOptions(256, 0, 0, 1, 0, Set.of(), 1, BeamStyle.TRANSFORMERS, 1, false);

    /** @throws IllegalArgumentException naming the value that is out of range, and the range */
    public GenerationOptions {
        require(maxTokens >= 0, "maxTokens must be 0 or more, not " + maxTokens);
        require(
                temperature >= 0 && temperature < Double.POSITIVE_INFINITY,
                "temperature must be finite and 0 (greedy) or more, not " + temperature);
        require(topK >= 0, "topK must be 0 (no limit) or more, not " + topK);
        require(topP > 0 && topP <= 1, "topP must be in (0, 1], not " + topP);
        require(beams >= 1, "beams must be 1 or more, not " + beams);
        require(
                returnCount >= 1 && returnCount <= beams,
                "returnCount must be in [1, beams = " + beams + "], not " + returnCount);
        require(
                beams == 1 || temperature == 0,
                "beam search does not sample: choose beams = 1 or temperature = 0, not " + beams + " and "
                        + temperature);
        stopIds = Set.copyOf(stopIds);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    public GenerationOptions withMaxTokens(int value) {
        return new GenerationOptions(
                value, temperature, topK, topP, seed, stopIds, beams, beamStyle, returnCount, logProbs);
    }

    /** Samples instead of taking the most likely token; {@code GenerationOptions} describes the values. */
    public GenerationOptions withSampling(double newTemperature, int newTopK, double newTopP, long newSeed) {
        return new GenerationOptions(
                maxTokens, newTemperature, newTopK, newTopP, newSeed, stopIds, beams, beamStyle, returnCount, logProbs);
    }

    public GenerationOptions withStopIds(Set<Integer> value) {
        return new GenerationOptions(
                maxTokens, temperature, topK, topP, seed, value, beams, beamStyle, returnCount, logProbs);
    }

    /** Searches with {@code width} beams and returns the best {@code best} sequences. */
    public GenerationOptions withBeams(int width, BeamStyle style, int best) {
        return new GenerationOptions(maxTokens, temperature, topK, topP, seed, stopIds, width, style, best, logProbs);
    }

    public GenerationOptions withLogProbs(boolean value) {
        return new GenerationOptions(
                maxTokens, temperature, topK, topP, seed, stopIds, beams, beamStyle, returnCount, value);
    }
}
