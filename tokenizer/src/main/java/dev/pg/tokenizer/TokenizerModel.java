package dev.pg.tokenizer;

import java.util.List;

/**
 * What a tokenizer file says, whichever format it has.
 *
 * @param vocabulary the pieces
 * @param normalizer what happens to a text first
 * @param segmenter how it is cut
 * @param denormalizer what happens to a decoded text last, or null
 * @param unknownSurface what the unknown piece is decoded to
 * @param marks the special pieces by name
 * @param addedTokens tokens found in text beforehand
 */
record TokenizerModel(
        Vocabulary vocabulary,
        Normalizer normalizer,
        Segmenter segmenter,
        Normalizer denormalizer,
        String unknownSurface,
        Marks marks,
        List<AddedToken> addedTokens) {
    TokenizerModel {
        addedTokens =
                addedTokens.stream().map(token -> token.settledIn(vocabulary)).toList();
    }

    /** What SentencePiece prints for the unknown piece unless told otherwise: U+2047 between spaces. */
    static final String DEFAULT_UNKNOWN_SURFACE = " \u2047 ";

    /**
     * The ids of the special pieces.
     *
     * @param bos begin of sequence, -1 if there is none
     * @param eos end of sequence, -1 if there is none
     * @param pad padding, -1 if there is none
     */
    record Marks(int bos, int eos, int pad) {}
}
