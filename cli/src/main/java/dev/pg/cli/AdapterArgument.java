package dev.pg.cli;

import dev.pg.model.adapter.Adapter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An adapter on the command line: {@code DIR} or {@code DIR:WEIGHT}. */
final class AdapterArgument {
    private static final Pattern WEIGHTED = Pattern.compile("(.+):([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)");

    private AdapterArgument() {}

    /** @throws dev.pg.core.PgException if it cannot be opened */
    static Adapter open(String argument) {
        Matcher weighted = WEIGHTED.matcher(argument);
        if (weighted.matches() && !Files.exists(Path.of(argument))) {
            return Adapter.open(Path.of(weighted.group(1))).withWeight(Float.parseFloat(weighted.group(2)));
        }
        return Adapter.open(Path.of(argument));
    }
}
