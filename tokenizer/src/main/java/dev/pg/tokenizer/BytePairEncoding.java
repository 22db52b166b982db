package dev.pg.tokenizer;

import java.util.HashMap;
import java.util.Map;

/**
 * Byte-pair encoding (Sennrich et al., 2016) as SentencePiece does it: a queue of possible merges over a linked list of characters, so
 * that n characters take O(n log n). The text is worked through in stretches that no merge can connect; see {@link Bigrams}.
 */
final class BytePairEncoding implements Segmenter {
    private final Vocabulary vocabulary;
    private final Merges merges;
    private final Trie userDefined;
    private final Bigrams bigrams;

    /** @param userDefined pieces that are found in text first and stay whole */
    BytePairEncoding(Vocabulary vocabulary, Merges merges, Trie userDefined) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.userDefined = userDefined;
        this.bigrams = new Bigrams(vocabulary);
    }

    @Override
    public void segment(byte[] bytes, int length, Sink out) {
        Symbols symbols = new Symbols(bytes);
        MergeQueue queue = new MergeQueue();
        // How an unused piece is taken apart depends on the whole text (see Unused), so such models see the text as one
        // stretch.
        boolean stretches = !vocabulary.hasUnused();
        boolean previousFrozen = true;
        int previous = 0;
        int at = 0;
        while (at < length) {
            int symbol = userDefined.longestMatch(bytes, at, length);
            boolean frozen = symbol > 0;
            int end = at + (frozen ? symbol : Utf8.length(bytes, at, length));
            int character = frozen ? 0 : Bigrams.pack(bytes, at, end);
            boolean apart = frozen || previousFrozen || !bigrams.mayContain(previous, character);
            if (stretches && apart) {
                mergeAndEmit(symbols, queue, out);
            }
            long hash = Vocabulary.hash(bytes, at, end);
            symbols.append(at, end, hash, vocabulary.id(bytes, at, end, hash), frozen);
            previous = character;
            previousFrozen = frozen;
            at = end;
        }
        mergeAndEmit(symbols, queue, out);
    }

    private void mergeAndEmit(Symbols symbols, MergeQueue queue, Sink out) {
        Unused unused = vocabulary.hasUnused() ? new Unused() : null;
        for (int i = 0; i < symbols.count; i++) {
            offer(symbols, queue, unused, i);
        }
        while (!queue.isEmpty()) {
            long top = queue.poll();
            int left = (int) top;
            int merge = symbols.merge[left];
            // An entry whose left symbol has been absorbed or has got another right neighbour since is stale.
            if (merge != Symbols.NONE && merges.priority(merge) == (int) (top >> 32)) {
                int right = symbols.next[left];
                int rightLength = symbols.to[right] - symbols.from[right];
                long hash = vocabulary.joinedHash(symbols.hash[left], symbols.hash[right], rightLength);
                symbols.join(left, hash, merges.piece(merge));
                if (symbols.previous[left] != Symbols.NONE) {
                    offer(symbols, queue, unused, symbols.previous[left]);
                }
                offer(symbols, queue, unused, left);
            }
        }
        for (int i = symbols.count == 0 ? Symbols.NONE : 0; i != Symbols.NONE; i = symbols.next[i]) {
            emit(symbols, i, unused, out);
        }
        symbols.count = 0;
    }

    /** Puts the merge of a symbol with its right neighbour, if there is one, into the queue. */
    private void offer(Symbols symbols, MergeQueue queue, Unused unused, int left) {
        int right = symbols.next[left];
        if (right == Symbols.NONE || symbols.frozen[left] || symbols.frozen[right]) {
            symbols.merge[left] = Symbols.NONE;
            return;
        }
        int merge = merges.find(symbols, left, right);
        symbols.merge[left] = merge;
        if (merge != Symbols.NONE) {
            queue.add(merges.priority(merge), left);
            if (unused != null) {
                unused.remember(merges.piece(merge), symbols.to[left] - symbols.from[left]);
            }
        }
    }

    private void emit(Symbols symbols, int i, Unused unused, Sink out) {
        int id = symbols.piece[i];
        if (unused != null && id != Symbols.NONE) {
            unused.emit(id, symbols.bytes, symbols.from[i], symbols.to[i], out);
        } else {
            out.piece(id == Symbols.NONE ? vocabulary.unknown() : id, symbols.bytes, symbols.from[i], symbols.to[i]);
        }
    }

    /**
     * Unused pieces are steps on the way to others. One that is left over is split as it was, in the latest merge considered anywhere
     * in the text, put together; this is what SentencePiece does ({@code bpe_model.cc}, {@code resegment}).
     */
    private final class Unused {
        private final Map<Integer, Integer> leftLengths = new HashMap<>(); // bytes of the left part, by piece

        void remember(int piece, int leftLength) {
            if (vocabulary.type(piece) == PieceType.UNUSED) {
                leftLengths.put(piece, leftLength);
            }
        }

        void emit(int id, byte[] bytes, int from, int to, Sink out) {
            Integer leftLength = vocabulary.type(id) == PieceType.UNUSED ? leftLengths.get(id) : null;
            if (leftLength == null) {
                out.piece(id, bytes, from, to);
                return;
            }
            int middle = from + leftLength;
            emitPart(bytes, from, middle, out);
            emitPart(bytes, middle, to, out);
        }

        private void emitPart(byte[] bytes, int from, int to, Sink out) {
            int id = vocabulary.id(bytes, from, to);
            emit(id < 0 ? vocabulary.unknown() : id, bytes, from, to, out);
        }
    }
}
