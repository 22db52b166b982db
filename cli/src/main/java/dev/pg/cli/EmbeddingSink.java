package dev.pg.cli;

import dev.pg.kernels.Matrix;

/** Where {@code pg embed} puts what it made. */
interface EmbeddingSink extends AutoCloseable {
    /** What was embedded. */
    enum Kind {
        IMAGE,
        TEXT
    }

    /**
     * Takes one embedding.
     *
     * @param source the picture's name, or the text
     * @param vectors [1 × dim], or one row per patch or token
     * @param several whether it is one of several rows, even if it has but one
     */
    void add(Kind kind, String source, Matrix vectors, boolean several);

    /** All went well, or as well as it could: nothing comes after this. */
    void finish();

    @Override
    void close();
}
