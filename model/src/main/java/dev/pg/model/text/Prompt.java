package dev.pg.model.text;

import dev.pg.kernels.Matrix;

/**
 * What enters the decoder before it writes: token ids, some of which stand for rows of image features.
 *
 * @param ids the tokens
 * @param prefix leading tokens that see each other in both directions; the rest is causal
 * @param firstPosition what the rotary embedding calls the first token
 * @param imageTokenId id whose embedding is replaced, one row of {@code imageFeatures} after the other; -1 for none
 * @param imageFeatures [occurrences of imageTokenId × hidden], or null if there are none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Prompt(int[] ids, int prefix, int firstPosition, int imageTokenId, Matrix imageFeatures) {
    /** A prompt of plain, causal text. */
    public static Prompt ofText(int[] ids) {
        return new Prompt(ids, 0, 0, -1, null);
    }

    /** The same tokens with only the first {@code length} seeing each other in both directions. */
    public Prompt withPrefix(int length) {
        return new Prompt(ids, length, firstPosition, imageTokenId, imageFeatures);
    }

    /** Writes the embeddings [ids × hidden] into {@code x}: text scaled by sqrt(hidden), image features as they are. */
    public void embed(Gemma gemma, Matrix x) {
        int feature = 0;
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == imageTokenId) {
                int from = imageFeatures.at(feature++);
                System.arraycopy(imageFeatures.data(), from, x.data(), x.at(i), x.cols());
            } else {
                gemma.embed(ids[i], x, i);
            }
        }
    }

    /** An empty sequence for this prompt, with room for it and {@code more} tokens. */
    public Sequence sequence(Gemma gemma, int more) {
        return new Sequence(gemma.config(), prefix, firstPosition, ids.length + more);
    }
}
