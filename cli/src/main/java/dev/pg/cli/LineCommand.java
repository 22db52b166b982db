package dev.pg.cli;

import dev.pg.core.PgException;
import dev.pg.tokenizer.Tokenizer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A command that turns each line into another with the help of a tokenizer. A bad line is reported, and the others go on. */
abstract class LineCommand implements Callable<Integer> {
    private static final JsonMapper JSON = JsonMapper.shared();

    @Mixin
    private ModelDirectory model;

    @Mixin
    private Console console;

    /** The lines that stand on the command line, or null for those of standard input. */
    abstract List<String> arguments();

    /** @throws IllegalArgumentException if the line is not what it should be */
    abstract String plain(Tokenizer tokenizer, String line);

    /** @throws IllegalArgumentException if the line is not what it should be */
    abstract JsonNode json(Tokenizer tokenizer, JsonNode line);

    /** An argument of the command line as the JSON that {@link #json} expects. */
    abstract JsonNode argumentToJson(String argument);

    @Override
    public final Integer call() {
        Tokenizer tokenizer = Tokenizer.open(model.path(console));
        if (arguments() != null) {
            return convertAll(tokenizer, arguments().iterator(), true);
        }
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try {
            return convertAll(tokenizer, lines.lines().iterator(), false);
        } catch (UncheckedIOException e) {
            throw new PgException(
                    "standard input cannot be read: " + e.getCause().getMessage(), e);
        }
    }

    private int convertAll(Tokenizer tokenizer, Iterator<String> lines, boolean areArguments) {
        int failures = 0;
        for (int number = 1; lines.hasNext(); number++) {
            String line = lines.next();
            try {
                if (console.json()) {
                    JsonNode value = areArguments ? argumentToJson(line) : JSON.readTree(line);
                    console.result(json(tokenizer, value));
                } else {
                    console.result(plain(tokenizer, line));
                }
            } catch (OutputClosed e) {
                throw e;
            } catch (IllegalArgumentException | JacksonException | PgException e) {
                failures++;
                String problem = "line " + number + ": " + reason(e);
                console.failure("line " + number, new PgException(problem, e));
                if (console.json()) {
                    console.result(CompletionJson.object().put("error", problem));
                }
            }
        }
        return failures == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static String reason(RuntimeException failure) {
        return failure instanceof JacksonException broken
                ? "not valid JSON: " + broken.getOriginalMessage()
                : failure.getMessage();
    }
}
