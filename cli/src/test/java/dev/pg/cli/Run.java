package dev.pg.cli;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One run of the command line in this JVM, and what it left. */
record Run(int exitCode, String out, String err) {
    static final Path TESTDATA = Path.of(System.getProperty("pg.testdata"));
    static final Path SAMPLES = TESTDATA.resolve("demo-model/samples");
    static final Path PALIGEMMA_2 = TESTDATA.resolve("golden/paligemma2");

    static Run pg(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = Stream.of(arguments).map(Object::toString).toArray(String[]::new);
        CommandLine pg = Pg.commandLine(words).setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return new Run(pg.execute(words), out.toString(), err.toString());
    }

    /** With {@code input} on standard input. */
    static Run pgReading(byte[] input, Object... arguments) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input));
        try {
            return pg(arguments);
        } finally {
            System.setIn(before);
        }
    }

    static Run pgReading(String input, Object... arguments) {
        return pgReading(input.getBytes(StandardCharsets.UTF_8), arguments);
    }

    static Path sample(String name) {
        return SAMPLES.resolve(name);
    }

    static JsonNode json(Path file) {
        return JsonMapper.shared().readTree(file.toFile());
    }

    /** Standard output, line by line. */
    List<String> lines() {
        return out.lines().toList();
    }

    /** Standard output, one JSON value a line. */
    List<JsonNode> objects() {
        return out.lines().map(JsonMapper.shared()::readTree).toList();
    }

    /** The only JSON value on standard output. */
    JsonNode object() {
        if (objects().size() != 1) {
            throw new AssertionError("expected one JSON line, got: " + this);
        }
        return objects().getFirst();
    }

    /** The numbers of a JSON array. */
    static List<Integer> ints(JsonNode array) {
        return array.valueStream().map(JsonNode::intValue).toList();
    }
}
