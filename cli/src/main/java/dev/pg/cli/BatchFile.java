package dev.pg.cli;

import dev.pg.core.PgException;
import dev.pg.model.Completion;
import dev.pg.model.Request;
import dev.pg.model.TextGenerator;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.CommandLine.ExitCode;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file of prompts, one JSON object a line, answered with one JSON object a line in the same order. A group of lines runs as one padded
 * batch; a line that fails becomes {@code {"line": N, "error": "..."}}, and the others go on.
 */
final class BatchFile {
    /** Lines read ahead: enough to fill the model's batches, few enough to hold all their pictures. */
    private static final int GROUP = 8;

    private final String file;
    private final Console console;
    private int failures;

    /** @param file a file name, or - for standard input */
    BatchFile(String file, Console console) {
        this.file = file;
        this.console = console;
    }

    /** A line that could be read: where its answer goes, and what it asks. */
    private record Job(int slot, int line, List<String> images, Request request) {}

    /** Answers all lines and returns the exit code. */
    int run(TextGenerator model, GenerationOptions options) {
        try (BufferedReader reader = open()) {
            Iterator<String> lines = reader.lines().iterator();
            for (int first = 1; lines.hasNext(); first += GROUP) {
                List<String> group = new ArrayList<>();
                while (group.size() < GROUP && lines.hasNext()) {
                    group.add(lines.next());
                }
                answer(model, options, group, first);
            }
        } catch (IOException e) {
            throw PgException.cannotRead(Path.of(file), e);
        } catch (UncheckedIOException e) {
            throw PgException.cannotRead(Path.of(file), e.getCause());
        }
        return failures == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private BufferedReader open() throws IOException {
        return file.equals("-")
                ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                : Files.newBufferedReader(Path.of(file));
    }

    private void answer(TextGenerator model, GenerationOptions options, List<String> lines, int first) {
        ObjectNode[] answers = new ObjectNode[lines.size()]; // null where the line is blank
        List<Job> jobs = new ArrayList<>();
        for (int slot = 0; slot < answers.length; slot++) {
            if (!lines.get(slot).isBlank()) {
                try {
                    jobs.add(read(lines.get(slot), slot, first + slot));
                } catch (RuntimeException | OutOfMemoryError e) {
                    answers[slot] = failed(first + slot, e);
                }
            }
        }
        try {
            complete(model, options, jobs, answers);
        } catch (PgException oneOfThem) {
            // One prompt that does not fit spoils its batch: alone, each succeeds or fails for itself.
            for (Job job : jobs) {
                try {
                    complete(model, options, List.of(job), answers);
                } catch (PgException e) {
                    answers[job.slot] = failed(job.line, e);
                }
            }
        }
        Stream.of(answers).filter(Objects::nonNull).forEach(console::result);
    }

    private static void complete(TextGenerator model, GenerationOptions options, List<Job> jobs, ObjectNode[] answers) {
        List<Request> requests = jobs.stream().map(Job::request).toList();
        List<Completion> completions = model.generate(requests, options, TokenListener.NONE);
        for (int i = 0; i < jobs.size(); i++) {
            Job job = jobs.get(i);
            answers[job.slot] = GenerateCommand.json(job.images, job.request.prompt(), completions.get(i));
        }
    }

    private ObjectNode failed(int line, Throwable failure) {
        failures++;
        console.failure("line " + line, failure);
        return CompletionJson.object().put("line", line).put("error", Failure.message(failure));
    }

    private Job read(String text, int slot, int line) {
        JsonNode json;
        try {
            json = JsonMapper.shared().readTree(text);
        } catch (JacksonException e) {
            throw new PgException("not valid JSON: " + e.getOriginalMessage(), e);
        }
        JsonNode images = json.path("images");
        boolean named = images.isMissingNode()
                || (images.isArray() && images.valueStream().allMatch(JsonNode::isString));
        if (!named || !json.path("prompt").isString()) {
            throw new PgException("expected {\"images\": [\"file\", ...], \"prompt\": \"text\"}");
        }
        List<String> names = images.valueStream().map(JsonNode::stringValue).toList();
        Image[] pictures = names.stream().map(name -> Picture.one(name).read()).toArray(Image[]::new);
        return new Job(slot, line, names, Request.of(json.path("prompt").stringValue(), pictures));
    }
}
