package dev.pg.cli;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What to choose from: {@code a,b,c}, or {@code @FILE} with one label a line. */
final class Labels {
    private static final String PLACE = "{}";

    private Labels() {}

    /**
     * The labels that {@code argument} names; blank ones do not count.
     *
     * @throws IllegalArgumentException if there are none, or one stands there twice
     * @throws PgException if the file cannot be read
     */
    static List<String> parse(String argument) {
        Stream<String> all = argument.startsWith("@")
                ? lines(Path.of(argument.substring(1))).stream()
                : Stream.of(argument.split(","));
        List<String> labels =
                all.map(String::strip).filter(label -> !label.isEmpty()).toList();
        if (labels.isEmpty()) {
            throw new IllegalArgumentException("--labels " + argument + " names no label; give a,b,c or @FILE");
        }
        Set<String> seen = new HashSet<>();
        for (String label : labels) {
            if (!seen.add(label)) {
                throw new IllegalArgumentException("--labels " + argument + " names \"" + label + "\" twice");
            }
        }
        return labels;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (MalformedInputException e) {
            throw new PgException(file + ": is not a text file in UTF-8; give one label a line", e);
        } catch (IOException e) {
            throw PgException.cannotRead(file, e);
        }
    }

    /**
     * Puts each label into a sentence.
     *
     * @param template with {@code {}} where the label belongs
     * @throws IllegalArgumentException if it has no such place
     */
    static List<String> sentences(List<String> labels, String template) {
        if (!template.contains(PLACE)) {
            throw new IllegalArgumentException("--template \"" + template
                    + "\" has no {} where the label belongs, as in \"This is a photo of {}.\"");
        }
        return labels.stream().map(label -> template.replace(PLACE, label)).toList();
    }
}
