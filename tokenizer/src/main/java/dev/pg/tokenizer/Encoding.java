package dev.pg.tokenizer;

import java.util.List;

/**
 * An encoded text.
 *
 * @param ids what a model is given
 * @param pieces for each id the text it stands for, as SentencePiece's {@code encode_as_pieces} shows it: the normalised text with U+2581
 *     for spaces, {@code <0xE2>} for a byte, and for the unknown piece the text that it replaces
 */
public record Encoding(List<Integer> ids, List<String> pieces) {
    /** Keeps unmodifiable copies. */
    public Encoding {
        ids = List.copyOf(ids);
        pieces = List.copyOf(pieces);
    }
}
