package dev.pg.model.generate;

/** The two beam searches in use for PaliGemma, and the scores they rank by. They find different texts. */
public enum BeamStyle {
    /**
     * Hugging Face transformers 5.18 with {@code length_penalty=1.0} and {@code early_stopping=False}: the score is the sum of
     * the log-probabilities divided by the number of generated tokens, the stop token included. Sequences that reach the
     * largest length compete with those that ended by themselves.
     */
    TRANSFORMERS {
        @Override
        double score(double logProb, int tokens) {
            return logProb / Math.max(1, tokens);
        }
    },
    /**
     * big_vision, which the numbers in the PaliGemma papers come from: the score is the plain sum of the log-probabilities, the
     * stop token included, and only sequences that end with a stop token are results.
     */
    BIG_VISION {
        @Override
        double score(double logProb, int tokens) {
            return logProb;
        }
    };

    /**
     * What sequences are ranked by; 0 for an empty one.
     *
     * @param logProb sum of the log-probabilities of the generated tokens
     * @param tokens how many these are
     */
    abstract double score(double logProb, int tokens);
}
