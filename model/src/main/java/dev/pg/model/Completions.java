package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.model.Completion.Candidate;
import dev.pg.model.Completion.Timings;
import dev.pg.model.config.TextConfig;
import dev.pg.model.generate.Generated;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.Generator;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.text.Gemma;
import dev.pg.model.text.GemmaSequences;
import dev.pg.model.text.Prompt;
import dev.pg.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/** From requests to completions: encode, prefill, generate, decode. What PaliGemma and plain Gemma share. */
final class Completions {
    /** Sequences that decode side by side. More would read the weights no more often, but each holds a cache. */
    private static final int BATCH = 8;

    /** Tokens that a cache has room for at once behind its prompt; it grows when a text becomes longer. */
    private static final int ROOM = 256;

    private final Engine engine;
    private final Gemma gemma;
    private final float softCap;
    private final Set<Integer> stopIds;

    /** @param softCap cap on the logits, 0 for none */
    Completions(Engine engine, Gemma gemma, float softCap) {
        this.engine = engine;
        this.gemma = gemma;
        this.softCap = softCap;
        this.stopIds = engine.stopIds();
    }

    Set<Integer> stopIds() {
        return stopIds;
    }

    Tokenizer tokenizer() {
        return engine.tokenizer(gemma.config().vocabSize());
    }

    /**
     * Completes {@code requests}, a batch at a time.
     *
     * @param prepare turns a request into what enters the decoder; runs while the model is held
     * @return completions in the order of the requests
     */
    List<Completion> run(
            List<Request> requests,
            Function<Request, Prompt> prepare,
            GenerationOptions options,
            TokenListener listener) {
        GenerationOptions chosen = options.stopIds().isEmpty() ? options.withStopIds(stopIds) : options;
        // Each beam is a row of its own, so a beam search fills the batch by itself.
        int batch = chosen.beams() > 1 ? 1 : BATCH;
        List<Completion> completions = new ArrayList<>();
        for (int from = 0; from < requests.size(); from += batch) {
            int first = from;
            List<Request> group = requests.subList(from, Math.min(from + batch, requests.size()));
            TokenListener shifted = (row, id) -> listener.token(first + row, id);
            completions.addAll(engine.exclusively(() -> runGroup(group, prepare, chosen, shifted)));
        }
        return completions;
    }

    private List<Completion> runGroup(
            List<Request> requests,
            Function<Request, Prompt> prepare,
            GenerationOptions options,
            TokenListener listener) {
        GemmaSequences sequences = new GemmaSequences(gemma, engine.compute(), softCap);
        long imageNanos = 0;
        long prefillNanos = 0;
        int promptTokens = 0;
        int maxTokens = options.maxTokens();
        for (Request request : requests) {
            long start = System.nanoTime();
            Prompt prompt = prepare.apply(request);
            check(prompt);
            long encoded = System.nanoTime();
            sequences.add(prompt, Math.min(options.maxTokens(), ROOM));
            engine.checkFinite(sequences.logits(), "the logits");
            imageNanos += encoded - start;
            prefillNanos += System.nanoTime() - encoded;
            promptTokens += prompt.ids().length;
            maxTokens = Math.min(maxTokens, gemma.config().maxPositions() - prompt.ids().length);
        }
        long start = System.nanoTime();
        List<Generated> generated = Generator.generate(sequences, options.withMaxTokens(maxTokens), listener);
        double decodeSeconds = seconds(System.nanoTime() - start);
        int generatedTokens = generated.stream().mapToInt(g -> g.ids().length).sum();
        Timings timings =
                new Timings(seconds(imageNanos), seconds(prefillNanos), decodeSeconds, promptTokens, generatedTokens);
        List<Candidate> candidates = generated.stream().map(this::candidate).toList();
        if (options.beams() > 1) {
            return List.of(new Completion(candidates, timings));
        }
        return candidates.stream()
                .map(candidate -> new Completion(List.of(candidate), timings))
                .toList();
    }

    /** See {@link TextGenerator#follow}. */
    void follow(
            List<Request> requests,
            List<int[]> texts,
            Function<Request, Prompt> prepare,
            TextGenerator.LogitsListener listener) {
        for (int from = 0; from < requests.size(); from += BATCH) {
            int first = from;
            int to = Math.min(from + BATCH, requests.size());
            engine.exclusively(() -> {
                followGroup(
                        requests.subList(first, to),
                        texts.subList(first, to),
                        prepare,
                        (row, step, logits) -> listener.logits(first + row, step, logits));
                return null;
            });
        }
    }

    private void followGroup(
            List<Request> requests,
            List<int[]> texts,
            Function<Request, Prompt> prepare,
            TextGenerator.LogitsListener listener) {
        GemmaSequences sequences = new GemmaSequences(gemma, engine.compute(), softCap);
        for (int i = 0; i < requests.size(); i++) {
            Prompt prompt = prepare.apply(requests.get(i));
            check(prompt);
            sequences.add(prompt, texts.get(i).length);
        }
        int[] rows = IntStream.range(0, requests.size()).toArray(); // the request of each sequence
        for (int step = 0; rows.length > 0; step++) {
            int now = step;
            int[] alive = rows;
            int[] going = IntStream.range(0, alive.length)
                    .filter(i -> texts.get(alive[i]).length > now)
                    .toArray();
            for (int i : going) {
                float[] row = sequences.logits().rows(i, 1).toArray();
                listener.logits(alive[i], step, row);
            }
            if (going.length < alive.length) {
                sequences.reorder(going);
            }
            rows = IntStream.of(going).map(i -> alive[i]).toArray();
            if (rows.length > 0) {
                sequences.step(
                        IntStream.of(rows).map(row -> texts.get(row)[now]).toArray());
            }
        }
    }

    int vocabulary() {
        return gemma.config().vocabSize();
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    Candidate candidate(Generated g) {
        String text = engine.hasTokenizer() ? tokenizer().decode(g.ids()) : "";
        return new Candidate(g.ids(), text, g.finishReason(), g.stopId(), g.score(), g.logProbs());
    }

    /**
     * Checks ids and length of a prompt.
     *
     * @throws PgException if an id is outside the vocabulary, or there are none, or too many for the context
     */
    void check(Prompt prompt) {
        TextConfig config = gemma.config();
        int length = prompt.ids().length;
        if (length == 0) {
            throw new PgException("the prompt is empty; give at least one token");
        }
        if (length > config.maxPositions()) {
            throw new PgException("the prompt has " + length + " tokens, more than the model's context of "
                    + config.maxPositions() + "; shorten it or give fewer pictures");
        }
        for (int id : prompt.ids()) {
            if (id < 0 || id >= config.vocabSize()) {
                throw new PgException(
                        "token id " + id + " is outside the model's vocabulary of " + config.vocabSize() + " tokens");
            }
        }
    }
}
