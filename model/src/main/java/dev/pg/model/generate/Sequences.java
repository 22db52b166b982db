package dev.pg.model.generate;

import dev.pg.kernels.Matrix;

/**
 * Token sequences that grow together, one token a row and step: what a decoding strategy needs to know of a model. A model
 * with a key/value cache is one implementation, a table of probabilities in a test another.
 *
 * <p>The prompts have been read before: {@link #logits} is ready from the start. Not thread-safe.
 */
public interface Sequences {
    /** Number of rows: sequences that are alive. */
    int size();

    /** Number of token ids; a logits row has one element for each. */
    int vocabulary();

    /**
     * The scores of the next token, [size × vocabulary], after the final soft-cap if the model has one switched on. The
     * matrix is valid until the next {@link #step} or {@link #reorder}, and its contents may be overwritten by the caller.
     */
    Matrix logits();

    /**
     * Appends {@code tokens[i]} to row {@code i} and computes the logits that follow.
     *
     * @param tokens one id per row; read before the method returns and not kept
     * @throws dev.pg.core.PgException if the context is full
     */
    void step(int[] tokens);

    /**
     * Makes row {@code i} continue former row {@code parents[i]}. Fewer rows than before drop finished sequences, more rows
     * widen one sequence into beams, and a parent may occur any number of times. The logits of the new rows are undefined
     * until the next {@link #step}.
     *
     * @param parents former row of each new row, not kept; its length becomes {@link #size}
     */
    void reorder(int[] parents);
}
