package dev.pg.model;

import dev.pg.kernels.Matrix;
import dev.pg.kernels.Softmax;
import dev.pg.model.text.GemmaDecoder;
import dev.pg.model.text.Prompt;
import dev.pg.model.text.Sequence;

/**
 * How likely a text is to a model.
 *
 * @param ids the tokens of the text but the first, before which there is nothing to go by
 * @param logProbs natural logarithm of the probability of each of them, given all before it
 */
@SuppressWarnings("ArrayRecordComponent") // results to read, not values to compare
public record Score(int[] ids, float[] logProbs) {
    /** Positions whose logits are alive at once; each has as many as the vocabulary has tokens. */
    private static final int ROWS = 16;

    /** Runs {@code ids}, at least two, through the model. Only while the model is held. */
    static Score of(TextModel model, int[] ids) {
        GemmaDecoder decoder = new GemmaDecoder(model.gemma(), model.engine().compute());
        Prompt prompt = Prompt.ofText(ids);
        prompt.embed(model.gemma(), decoder.input(1, ids.length));
        Sequence sequence = prompt.sequence(model.gemma(), 0);
        Matrix hidden = decoder.forward(new Sequence[] {sequence}, LayerTap.NONE);
        int count = ids.length - 1;
        int[] scored = new int[count];
        System.arraycopy(ids, 1, scored, 0, count);
        float[] logProbs = new float[count];
        Matrix normed = new Matrix(Math.min(ROWS, count), hidden.cols());
        Matrix logits = new Matrix(Math.min(ROWS, count), model.config().vocabSize());
        for (int from = 0; from < count; from += ROWS) {
            int rows = Math.min(ROWS, count - from);
            decoder.finalNorm(hidden.rows(from, rows), normed.rows(0, rows));
            decoder.logits(normed.rows(0, rows), model.softCap(), logits.rows(0, rows));
            for (int r = 0; r < rows; r++) {
                Softmax.log(logits.data(), logits.at(r), logits.cols());
                logProbs[from + r] = logits.get(r, scored[from + r]);
            }
            model.engine().checkFinite(logits.rows(0, rows), "the log-probabilities");
        }
        return new Score(scored, logProbs);
    }

    /** Logarithm of the probability of the whole text. */
    public double sum() {
        double sum = 0;
        for (float logProb : logProbs) {
            sum += logProb;
        }
        return sum;
    }

    /** exp(-mean of the log-probabilities): 1 for a text that could not have been another, the vocabulary's size for noise. */
    public double perplexity() {
        return Math.exp(-sum() / logProbs.length);
    }
}
