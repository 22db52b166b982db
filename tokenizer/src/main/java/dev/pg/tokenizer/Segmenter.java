package dev.pg.tokenizer;

/** Cuts normalised text into pieces: the algorithm of a model. Safe for any number of threads. */
interface Segmenter {
    /**
     * Cuts the text {@code bytes[0, length)} and hands the pieces over in order; together they cover every byte.
     *
     * @param bytes UTF-8
     * @param out takes each piece
     */
    void segment(byte[] bytes, int length, Sink out);

    /** Takes pieces. */
    interface Sink {
        /**
         * Takes the next piece.
         *
         * @param id of the piece; that of the unknown piece, if there is none for this text
         * @param bytes what was cut
         * @param from the piece's first byte
         * @param to behind its last byte
         */
        void piece(int id, byte[] bytes, int from, int to);
    }
}
