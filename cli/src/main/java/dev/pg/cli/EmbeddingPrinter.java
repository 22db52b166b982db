package dev.pg.cli;

import dev.pg.kernels.Matrix;
import java.util.Locale;
import java.util.StringJoiner;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Prints embeddings: JSON Lines, or the source, a tab, and numbers. */
final class EmbeddingPrinter implements EmbeddingSink {
    private final Console console;

    EmbeddingPrinter(Console console) {
        this.console = console;
    }

    @Override
    public void add(Kind kind, String source, Matrix vectors, boolean several) {
        if (console.json()) {
            ObjectNode object = CompletionJson.object().put(kind.name().toLowerCase(Locale.ROOT), source);
            if (several) {
                ArrayNode rows = object.putArray("embeddings");
                for (int r = 0; r < vectors.rows(); r++) {
                    fill(rows.addArray(), vectors, r);
                }
            } else {
                fill(object.putArray("embedding"), vectors, 0);
            }
            console.result(object);
            return;
        }
        for (int r = 0; r < vectors.rows(); r++) {
            StringJoiner numbers = new StringJoiner(" ", source + "\t", "");
            for (int c = 0; c < vectors.cols(); c++) {
                numbers.add(String.valueOf(vectors.get(r, c)));
            }
            console.result(numbers.toString());
        }
    }

    private static void fill(ArrayNode array, Matrix vectors, int row) {
        for (int c = 0; c < vectors.cols(); c++) {
            array.add(vectors.get(row, c));
        }
    }

    @Override
    public void finish() {}

    @Override
    public void close() {}
}
