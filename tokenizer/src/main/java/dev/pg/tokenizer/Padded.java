package dev.pg.tokenizer;

/**
 * A text as ids of a fixed number.
 *
 * @param ids with what belongs at the ends, cut or filled up to the length asked for
 * @param dropped tokens of the text that did not fit
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Padded(int[] ids, int dropped) {}
