package dev.pg.tokenizer;

/** What a piece is for; the names are those of SentencePiece's model file. */
enum PieceType {
    /** Ordinary text. */
    NORMAL,
    /** Stands for text that no piece covers. */
    UNKNOWN,
    /** A mark such as {@code <bos>}: never found in text by SentencePiece itself, invisible in decoded text. */
    CONTROL,
    /** Found in text as a whole, before anything is merged. */
    USER_DEFINED,
    /** A step on the way to longer pieces; never a result. */
    UNUSED,
    /** One byte of a character that no piece covers. */
    BYTE;

    /** Whether text can turn into this piece by being equal to it; the others are reserved. */
    boolean matchesText() {
        return this == NORMAL || this == USER_DEFINED || this == UNUSED;
    }
}
