package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.config.Architecture;
import dev.pg.model.config.TextConfig;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.text.Gemma;
import dev.pg.model.text.Prompt;
import dev.pg.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Gemma or Gemma 2 by itself. Thread-safe as {@link Model} says. */
public final class TextModel implements TextGenerator {
    private final Engine engine;
    private final Architecture architecture;
    private final Gemma gemma;
    private final Completions completions;

    TextModel(Engine engine, Architecture architecture) {
        this.engine = engine;
        this.architecture = architecture;
        this.gemma = new Gemma(TextConfig.read(engine.config(), true), engine.tensors());
        this.completions = new Completions(engine, gemma, softCap());
    }

    /** The cap on the logits, 0 for none: Gemma 2's own causal model applies it. */
    float softCap() {
        boolean off = engine.options().finalSoftCap() == ModelOptions.FinalSoftCap.OFF;
        return off ? 0 : gemma.config().finalSoftCap();
    }

    @Override
    public Path directory() {
        return engine.directory();
    }

    @Override
    public Architecture architecture() {
        return architecture;
    }

    @Override
    public ModelOptions options() {
        return engine.options();
    }

    public TextConfig config() {
        return gemma.config();
    }

    Completions completions() {
        return completions;
    }

    Engine engine() {
        return engine;
    }

    Gemma gemma() {
        return gemma;
    }

    /**
     * Begins a conversation.
     *
     * @param system what the model is told before the first message, if anything
     * @throws PgException if the checkpoint is not made for conversations, or its template has no place for a system text
     */
    public Conversation chat(Optional<String> system) {
        return new Conversation(this, system);
    }

    /**
     * The log-probability of each token of a text, behind a begin-of-sequence token.
     *
     * @throws PgException if there is nothing to score, or more than the context holds
     */
    public Score score(String text) {
        return score(promptIds(Request.of(text)));
    }

    /**
     * The log-probability of each token but the first.
     *
     * @throws PgException if there are fewer than two, one is outside the vocabulary, or there are more than the context holds
     */
    public Score score(int[] ids) {
        completions.check(Prompt.ofText(ids));
        if (ids.length < 2) {
            throw new PgException("there is nothing to score; give a text, or two or more token ids");
        }
        return engine.exclusively(() -> Score.of(this, ids));
    }

    @Override
    public List<Completion> generate(List<Request> requests, GenerationOptions options, TokenListener listener) {
        return completions.run(requests, request -> Prompt.ofText(promptIds(request)), options, listener);
    }

    @Override
    public void follow(List<Request> requests, List<int[]> texts, LogitsListener listener) {
        completions.follow(requests, texts, request -> Prompt.ofText(promptIds(request)), listener);
    }

    @Override
    public int vocabulary() {
        return completions.vocabulary();
    }

    @Override
    public int[] promptIds(Request request) {
        if (!request.images().isEmpty()) {
            throw new PgException(directory() + ": a text-only model sees no pictures; use a PaliGemma checkpoint");
        }
        return request.ids()
                .orElseGet(() -> IntStream.concat(
                                IntStream.of(tokenizer().bosId()),
                                IntStream.of(tokenizer().encode(request.prompt().orElseThrow())))
                        .toArray());
    }

    @Override
    public boolean hasTokenizer() {
        return engine.hasTokenizer();
    }

    @Override
    public Tokenizer tokenizer() {
        return completions.tokenizer();
    }

    @Override
    public Set<Integer> stopIds() {
        return completions.stopIds();
    }

    @Override
    public TextModel withAdapters(List<Adapter> adapters) {
        Engine other = engine.with(adapters);
        TextModel model = new TextModel(other, architecture);
        other.tensors().checkComplete();
        return model;
    }

    @Override
    public void close() {
        engine.close();
    }
}
