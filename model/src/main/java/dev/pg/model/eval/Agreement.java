package dev.pg.model.eval;

import dev.pg.kernels.Softmax;

/**
 * How near a model's choices are to a reference's, along the texts that the reference writes.
 *
 * @param tokens how many were compared, those that end a text included
 * @param sameTokens how often the model would have chosen the reference's
 * @param divergence sum over the tokens of KL(reference ‖ model) = Σ p·ln(p/q), in nats
 * @param texts answers that were compared
 * @param sameTexts how many of them both write alike, each by itself
 */
public record Agreement(long tokens, long sameTokens, double divergence, int texts, int sameTexts) {
    /** Nothing compared. */
    public static final Agreement NONE = new Agreement(0, 0, 0, 0, 0);

    /** Of both together. */
    public Agreement plus(Agreement other) {
        return new Agreement(
                tokens + other.tokens,
                sameTokens + other.sameTokens,
                divergence + other.divergence,
                texts + other.texts,
                sameTexts + other.sameTexts);
    }

    /** Mean divergence of a token, in nats. */
    public double meanDivergence() {
        return tokens == 0 ? 0 : divergence / tokens;
    }

    /**
     * One token.
     *
     * @param chosen by the reference
     * @param reference its logits; overwritten
     * @param model the logits of the model; overwritten
     */
    static Agreement ofToken(int chosen, float[] reference, float[] model) {
        int best = 0;
        for (int i = 1; i < model.length; i++) {
            if (model[i] > model[best]) {
                best = i;
            }
        }
        Softmax.log(reference, 0, reference.length);
        Softmax.log(model, 0, model.length);
        double divergence = 0;
        for (int i = 0; i < model.length; i++) {
            divergence += Math.exp(reference[i]) * ((double) reference[i] - model[i]);
        }
        return new Agreement(1, best == chosen ? 1 : 0, Math.max(0, divergence), 0, 0);
    }
}
