package dev.pg.tokenizer;

import java.util.Arrays;

/**
 * The unigram model (Kudo, 2018): of all ways to cut a text the one with the largest sum of scores, by the Viterbi algorithm, which keeps
 * one best path for every place in the text. Sums are floats and the earlier of equals wins, as in the reference ({@code unigram_model.cc},
 * {@code EncodeOptimized}): digits, for example, tie often.
 */
final class Unigram implements Segmenter {
    /** How much worse than the worst piece a character that no piece covers is. */
    private static final float UNKNOWN_PENALTY = 10;

    private static final int NONE = -1;

    private final Vocabulary vocabulary;
    private final Trie pieces = new Trie();
    private final float unknownScore;

    Unigram(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
        float worst = Float.MAX_VALUE;
        for (int id = 0; id < vocabulary.size(); id++) {
            PieceType type = vocabulary.type(id);
            if (type.matchesText()) {
                pieces.put(vocabulary.bytes(id), id);
            }
            if (type == PieceType.NORMAL) {
                worst = Math.min(worst, vocabulary.score(id));
            }
        }
        unknownScore = worst - UNKNOWN_PENALTY;
    }

    @Override
    public void segment(byte[] bytes, int length, Sink out) {
        float[] scores = new float[length + 1]; // of the best path that ends here
        int[] starts = new int[length + 1]; // where the last piece of that path begins, NONE: no path yet
        int[] ids = new int[length + 1]; // of that piece
        Arrays.fill(starts, NONE);
        int at = 0;
        while (at < length) {
            int next = at + Utf8.length(bytes, at, length);
            boolean characterCovered = false;
            float before = scores[at];
            int node = Trie.ROOT;
            for (int i = at; i < length; i++) {
                node = pieces.child(node, bytes[i]);
                if (node == Trie.NONE) {
                    break;
                }
                int id = pieces.value(node);
                if (id == Trie.NONE || vocabulary.type(id) == PieceType.UNUSED) {
                    continue;
                }
                int end = i + 1;
                float candidate = score(id, end - at) + before;
                if (starts[end] == NONE || candidate > scores[end]) {
                    scores[end] = candidate;
                    starts[end] = at;
                    ids[end] = id;
                }
                characterCovered |= end == next;
            }
            if (!characterCovered) {
                float candidate = unknownScore + before;
                if (starts[next] == NONE || candidate > scores[next]) {
                    scores[next] = candidate;
                    starts[next] = at;
                    ids[next] = vocabulary.unknown();
                }
            }
            at = next;
        }
        emit(bytes, length, starts, ids, out);
    }

    /**
     * Log probabilities are negative, so that a user-defined piece, which gains by its length, is always chosen. The numbers are those of
     * sentencepiece 0.2.2; earlier versions had -0.1, which differs where user-defined pieces overlap.
     */
    private float score(int id, int bytes) {
        return vocabulary.type(id) == PieceType.USER_DEFINED ? (float) (0.1 * (bytes - 1)) : vocabulary.score(id);
    }

    /** Follows the best path back from the end, turning its links round, and hands its pieces over. */
    private static void emit(byte[] bytes, int length, int[] starts, int[] ids, Sink out) {
        int[] ends = new int[length + 1]; // by start
        for (int end = length; end > 0; end = starts[end]) {
            ends[starts[end]] = end;
        }
        for (int from = 0; from < length; from = ends[from]) {
            out.piece(ids[ends[from]], bytes, from, ends[from]);
        }
    }
}
