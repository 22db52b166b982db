package dev.pg.cli;

import dev.pg.model.Completion;
import dev.pg.model.Request;
import dev.pg.model.TextGenerator;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.tokenizer.TextStream;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Prints what a model writes as plain text, word by word while it is written. */
final class Answers {
    private final Console console;

    Answers(Console console) {
        this.console = console;
    }

    /**
     * Runs {@code request} and prints its answer as a line.
     *
     * @param label what stands before the answer, or empty
     */
    void print(TextGenerator model, Request request, GenerationOptions options, String label) {
        if (options.beams() > 1 || !model.hasTokenizer()) {
            Completion completion = model.generate(request, options, TokenListener.NONE);
            completion.candidates().forEach(candidate -> console.result(label + line(model, candidate, completion)));
            timings(completion);
            return;
        }
        TextStream stream = model.tokenizer().stream();
        boolean[] begun = {false};
        try {
            Completion completion = model.generate(request, options, (row, id) -> {
                if (!begun[0]) {
                    begun[0] = true;
                    console.part(label);
                }
                console.part(stream.push(id));
                return true;
            });
            console.result(begun[0] ? stream.finish() : label);
            timings(completion);
        } catch (RuntimeException e) {
            if (begun[0]) {
                console.result("");
            }
            throw e;
        }
    }

    private static String line(TextGenerator model, Completion.Candidate candidate, Completion completion) {
        String text = model.hasTokenizer()
                ? candidate.text()
                : IntStream.of(candidate.ids()).mapToObj(String::valueOf).collect(Collectors.joining(" "));
        return completion.candidates().size() == 1
                ? text
                : String.format(Locale.ROOT, "%.4f\t%s", candidate.score(), text);
    }

    /** Says on standard error where the time went. */
    void timings(Completion completion) {
        Completion.Timings t = completion.timings();
        console.note(String.format(
                Locale.ROOT,
                "picture %.2f s, prompt %.2f s (%d tokens), answer %.2f s (%d tokens)",
                t.imageSeconds(),
                t.prefillSeconds(),
                t.promptTokens(),
                t.decodeSeconds(),
                t.generatedTokens()));
    }
}
