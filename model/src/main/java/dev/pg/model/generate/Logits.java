package dev.pg.model.generate;

import dev.pg.core.PgException;

/** One row of logits: the most likely token and the normaliser of the softmax. */
final class Logits {
    private Logits() {}

    /**
     * The index of the largest of {@code count} logits from {@code x[at]}, counted from 0; of equals the first, as in torch.
     * Negative infinity marks a token that cannot occur.
     *
     * @throws PgException if a logit is NaN or positive infinity, or all are negative infinity
     */
    static int argmax(float[] x, int at, int count) {
        float largest = Float.NEGATIVE_INFINITY;
        int index = 0;
        for (int i = 0; i < count; i++) {
            float value = x[at + i];
            // Not "value > largest": the negated form also lets NaN in, so that looking for it costs nothing.
            if (!(value <= largest)) {
                if (Float.isNaN(value)) {
                    throw notFinite(value, i);
                }
                largest = value;
                index = i;
            }
        }
        if (Float.isInfinite(largest)) {
            throw notFinite(largest, index);
        }
        return index;
    }

    /**
     * log(sum(exp(x))) in double, so that {@code x[at + i] - logSumExp} is a log-probability to float precision over any
     * vocabulary.
     *
     * @param largest the largest of the {@code count} values
     */
    static double logSumExp(float[] x, int at, int count, float largest) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Math.exp((double) x[at + i] - largest);
        }
        return largest + Math.log(sum);
    }

    private static PgException notFinite(float value, int index) {
        return new PgException("the logits are not finite (" + value + " at token " + index
                + "): the weights contain NaN or overflow; check the checkpoint, or download it again");
    }
}
