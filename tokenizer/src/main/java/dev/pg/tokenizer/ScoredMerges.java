package dev.pg.tokenizer;

/**
 * The rule of SentencePiece: two symbols may be merged if their joined text is a piece, the piece of the highest score first. A merge
 * is named by the id of that piece.
 */
record ScoredMerges(Vocabulary vocabulary) implements Merges {
    @Override
    public int find(Symbols symbols, int left, int right) {
        int from = symbols.from[left];
        int to = symbols.to[right];
        if (to - from > vocabulary.longest()) {
            return Symbols.NONE;
        }
        int rightLength = to - symbols.from[right];
        long hash = vocabulary.joinedHash(symbols.hash[left], symbols.hash[right], rightLength);
        int id = vocabulary.id(symbols.bytes, from, to, hash);
        return id >= 0 && vocabulary.type(id).matchesText() ? id : Symbols.NONE;
    }

    @Override
    public int priority(int merge) {
        int bits = Float.floatToIntBits(vocabulary.score(merge) + 0f); // -0 is 0
        int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
        return ~ascending;
    }

    @Override
    public int piece(int merge) {
        return merge;
    }
}
