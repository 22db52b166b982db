package dev.pg.model;

import dev.pg.model.adapter.Adapter;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.tokenizer.Tokenizer;
import java.util.List;
import java.util.Set;

/** A model that writes: what {@link PaliGemma} and {@link TextModel} have in common. Thread-safe as {@link Model} says. */
public sealed interface TextGenerator extends Model permits PaliGemma, TextModel {
    /**
     * Continues one prompt.
     *
     * @param options how; empty stop ids mean {@link #stopIds}
     * @param listener hears each token as it is made, and may cancel
     * @throws dev.pg.core.PgException if the prompt is longer than the context, its pictures do not fit its ids, or the logits are
     *     not finite
     */
    default Completion generate(Request request, GenerationOptions options, TokenListener listener) {
        return generate(List.of(request), options, listener).getFirst();
    }

    /**
     * Continues several prompts side by side: each step reads the weights once for all of them.
     *
     * @return one completion per request, in order, each equal to what the request gives alone
     */
    List<Completion> generate(List<Request> requests, GenerationOptions options, TokenListener listener);

    /** Hears the logits of one step. */
    @FunctionalInterface
    interface LogitsListener {
        /**
         * What a token is chosen from.
         *
         * @param row which request
         * @param step how many tokens of its text stand before
         * @param logits [vocabulary], a copy
         */
        void logits(int row, int step, float[] logits);
    }

    /**
     * Lets prompts be continued by given texts, and tells what the model would have chosen each token of them from.
     *
     * @param texts token ids behind each prompt
     * @throws dev.pg.core.PgException as {@link #generate}
     */
    void follow(List<Request> requests, List<int[]> texts, LogitsListener listener);

    /** Number of token ids. */
    int vocabulary();

    /** The token ids that a request becomes: image tokens, begin of sequence, text. */
    int[] promptIds(Request request);

    @Override
    TextGenerator withAdapters(List<Adapter> adapters);

    /** True if {@link #tokenizer} has one to give. */
    boolean hasTokenizer();

    /**
     * The model's tokenizer.
     *
     * @throws dev.pg.core.PgException if the directory has none, or one that does not belong to the model
     */
    Tokenizer tokenizer();

    /** The tokens that end a text, as the checkpoint's files say. */
    Set<Integer> stopIds();
}
