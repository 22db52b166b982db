package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.model.Completion.Timings;
import dev.pg.model.generate.Generated;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.Generator;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.text.GemmaSequences;
import dev.pg.model.text.Prompt;
import dev.pg.model.text.Sequence;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A conversation with an instruction-tuned Gemma. What has been said stays in the decoder's cache, so each message costs its own tokens
 * only, and gives the ids that the whole conversation would give from its beginning.
 *
 * <p>Not thread-safe; several conversations with one model take turns.
 */
public final class Conversation {
    /** Tokens that the cache has room for at once; it grows. */
    private static final int ROOM = 1024;

    private final TextModel model;
    private final ChatTemplate template;
    private final Optional<String> system;
    private int[] history = {}; // all ids so far, the answers' included
    private Sequence sequence; // of which the cache holds the beginning of the history; null if there is none
    private int reused;

    Conversation(TextModel model, Optional<String> system) {
        this.model = model;
        this.template = ChatTemplate.read(model.directory(), model.tokenizer());
        this.system = system;
        if (system.isPresent()) {
            template.first(system, ""); // complains now if there is no place for it
        }
    }

    /**
     * Says something and hears the answer, which ends where the model ends its turn.
     *
     * @param message white space around it is dropped, as the template says
     * @param options without beams
     * @param listener hears each token, and may cancel; what has been said until then is part of the conversation
     * @return the answer; its prompt tokens are those that were not in the cache
     * @throws PgException if the conversation would be longer than the model's context; it stays as it is
     */
    public Completion say(String message, GenerationOptions options, TokenListener listener) {
        if (options.beams() > 1) {
            throw new PgException("a conversation goes on from one answer, so it cannot search with beams");
        }
        int[] added = history.length == 0 ? template.first(system, message) : template.next(message);
        int[] all = concat(history, added);
        int context = model.config().maxPositions();
        if (all.length >= context) {
            throw new PgException("the conversation has " + history.length + " tokens and this message " + added.length
                    + ", more than the model's context of " + context
                    + "; say something shorter, or begin a new conversation");
        }
        Set<Integer> stops = new HashSet<>(options.stopIds().isEmpty() ? model.stopIds() : options.stopIds());
        stops.add(template.endOfTurn());
        GenerationOptions chosen =
                options.withStopIds(stops).withMaxTokens(Math.min(options.maxTokens(), context - all.length));
        return model.engine().exclusively(() -> answer(all, chosen, listener));
    }

    private Completion answer(int[] all, GenerationOptions options, TokenListener listener) {
        Sequence cached = sequence == null ? new Sequence(model.config(), 0, 0, ROOM) : sequence;
        sequence = null; // until all went well: a pass that failed may have left half a message in the cache
        int known = cached.length();
        long start = System.nanoTime();
        GemmaSequences sequences =
                new GemmaSequences(model.gemma(), model.engine().compute(), model.softCap());
        sequences.add(Prompt.ofText(Arrays.copyOfRange(all, known, all.length)), cached);
        model.engine().checkFinite(sequences.logits(), "the logits");
        long prefilled = System.nanoTime();
        Generated generated = Generator.generate(sequences, options, listener).getFirst();
        double decodeSeconds = (System.nanoTime() - prefilled) / 1e9;
        history = concat(all, generated.ids());
        sequence = cached;
        reused = known;
        Timings timings =
                new Timings(0, (prefilled - start) / 1e9, decodeSeconds, all.length - known, generated.ids().length);
        return new Completion(List.of(model.completions().candidate(generated)), timings);
    }

    /** Forgets what has been said; a system text stays. */
    public void reset() {
        history = new int[0];
        sequence = null;
        reused = 0;
    }

    /** All token ids of the conversation so far, as the model saw and wrote them. */
    public int[] history() {
        return history.clone();
    }

    /** Tokens of the conversation that were in the cache when the last message came. */
    public int reusedTokens() {
        return reused;
    }

    private static int[] concat(int[] a, int[] b) {
        return IntStream.concat(IntStream.of(a), IntStream.of(b)).toArray();
    }
}
