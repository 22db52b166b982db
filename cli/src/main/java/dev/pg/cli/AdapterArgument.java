package dev.pg.cli;

import dev.pg.core.PgException;
import dev.pg.model.adapter.Adapter;
import java.nio.file.Files;
import java.nio.file.Path;

/** An adapter on the command line: {@code DIR} or {@code DIR:WEIGHT}. */
final class AdapterArgument {
    private AdapterArgument() {}

    /** @throws PgException if it cannot be opened, or its weight is no number */
    static Adapter open(String argument) {
        int colon = argument.lastIndexOf(':');
        if (colon > 0 && !Files.exists(Path.of(argument))) {
            Path directory = Path.of(argument.substring(0, colon));
            if (Files.exists(directory)) {
                return Adapter.open(directory).withWeight(weight(directory, argument.substring(colon + 1)));
            }
        }
        return Adapter.open(Path.of(argument));
    }

    private static float weight(Path directory, String text) {
        try {
            return Float.parseFloat(text);
        } catch (NumberFormatException e) {
            throw new PgException(directory + ": the weight of an adapter must be a number, not \"" + text + "\"", e);
        }
    }
}
