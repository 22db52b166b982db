package dev.pg.model.generate;

/** Hears tokens while they are generated, and may end the generation. Called on the generating thread. */
@FunctionalInterface
public interface TokenListener {
    /** Hears nothing and never cancels. */
    TokenListener NONE = (row, id) -> true;

    /**
     * One more token. Stop tokens are not reported. Under beam search nothing is final before the end: each step then
     * reports the newest token of the leading beam, as a sign of life and an occasion to cancel.
     *
     * @param row index of the prompt in the batch
     * @param id the token, already part of the result
     * @return false to end this row with {@link FinishReason#CANCELLED}; the other rows of a batch go on
     */
    boolean token(int row, int id);
}
