package dev.pg.tokenizer;

/** Which neighbouring symbols may be merged, and which merge comes first. Immutable. */
sealed interface Merges permits ScoredMerges, RankedMerges {
    /** The merge of two neighbours, or {@link Symbols#NONE}. */
    int find(Symbols symbols, int left, int right);

    /** Merges of smaller priority come first, among equals the leftmost. */
    int priority(int merge);

    /** The id of the piece that a merge makes. */
    int piece(int merge);
}
