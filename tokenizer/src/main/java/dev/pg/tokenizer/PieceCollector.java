package dev.pg.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Turns what a segmenter cuts into ids (and texts, if asked): text that no piece covers becomes byte pieces, or one unknown piece per
 * run. Follows SentencePiece's {@code PopulateSentencePieceText}.
 */
final class PieceCollector implements Segmenter.Sink {
    private final Vocabulary vocabulary;
    private final List<String> pieces; // null: not wanted
    private int[] ids = new int[16];
    private int count;

    // A run of unknown text that may still grow; its text is made once, when it ends.
    private byte[] unknown;
    private int unknownFrom;
    private int unknownTo;

    PieceCollector(Vocabulary vocabulary, boolean wantPieces) {
        this.vocabulary = vocabulary;
        this.pieces = wantPieces ? new ArrayList<>() : null;
    }

    @Override
    public void piece(int id, byte[] bytes, int from, int to) {
        if (id != vocabulary.unknown()) {
            endUnknown();
            add(id);
            if (pieces != null) {
                pieces.add(Utf8.decode(bytes, from, to));
            }
        } else if (vocabulary.byteFallback()) {
            for (int i = from; i < to; i++) {
                int piece = vocabulary.bytePiece(bytes[i]);
                add(piece);
                if (pieces != null) {
                    pieces.add(vocabulary.piece(piece));
                }
            }
        } else if (unknown == null) {
            add(id);
            unknown = bytes;
            unknownFrom = from;
            unknownTo = to;
        } else {
            unknownTo = to;
        }
    }

    /** Adds a token that is not the segmenter's. */
    void token(AddedToken token) {
        endUnknown();
        add(token.id());
        if (pieces != null) {
            pieces.add(token.content());
        }
    }

    /** Ends a stretch of text: what comes next is not its neighbour. */
    void endUnknown() {
        if (unknown != null && pieces != null) {
            pieces.add(Utf8.decode(unknown, unknownFrom, unknownTo));
        }
        unknown = null;
    }

    /** Adds what another collector of the same kind has, from its piece {@code from} on. */
    void addAll(PieceCollector other, int from) {
        endUnknown();
        other.endUnknown();
        for (int i = from; i < other.count; i++) {
            add(other.ids[i]);
            if (pieces != null) {
                pieces.add(other.pieces.get(i));
            }
        }
    }

    private void add(int id) {
        if (count == ids.length) {
            ids = Arrays.copyOf(ids, 2 * count);
        }
        ids[count++] = id;
    }

    int[] ids() {
        return Arrays.copyOf(ids, count);
    }

    List<String> pieces() {
        return pieces;
    }
}
