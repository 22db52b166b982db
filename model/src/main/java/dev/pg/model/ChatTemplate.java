package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.model.config.ConfigNode;
import dev.pg.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How a conversation becomes token ids, in the form that instruction-tuned Gemmas were trained on:
 *
 * <pre>
 *   &lt;bos&gt;&lt;start_of_turn&gt;user
 *   the message&lt;end_of_turn&gt;
 *   &lt;start_of_turn&gt;model
 *   the answer&lt;end_of_turn&gt;
 *   …
 * </pre>
 *
 * A checkpoint's own template ({@code chat_template} in {@code tokenizer_config.json}, or {@code chat_template.jinja}) is looked at for what
 * differs among these: whether it has a place for a system text. Gemma 1 and 2 have none; later ones and many fine-tuned ones put it in front
 * of the first message. Immutable and thread-safe.
 */
final class ChatTemplate {
    private static final String START = "<start_of_turn>";
    private static final String END = "<end_of_turn>";

    private final Tokenizer tokenizer;
    private final int start;
    private final int end;
    private final Optional<String> whyNoSystem;

    private ChatTemplate(Tokenizer tokenizer, int start, int end, Optional<String> whyNoSystem) {
        this.tokenizer = tokenizer;
        this.start = start;
        this.end = end;
        this.whyNoSystem = whyNoSystem;
    }

    /**
     * The template of a checkpoint.
     *
     * @throws PgException if the checkpoint is not made for conversations, or its template is of another form
     */
    static ChatTemplate read(Path directory, Tokenizer tokenizer) {
        if (tokenizer.id(START).isEmpty() || tokenizer.id(END).isEmpty()) {
            throw new PgException(directory + ": the tokenizer has no " + START + " and " + END
                    + "; chat needs an instruction-tuned checkpoint, such as gemma-2-2b-it");
        }
        String text = text(directory).orElse("");
        if (!text.isEmpty() && !(text.contains(START) && text.contains(END))) {
            throw new PgException(directory + ": its chat template does not mark turns by " + START
                    + ", which is the form that pg knows; use generate with a prompt of your own");
        }
        Optional<String> whyNoSystem = Optional.empty();
        if (!text.contains("system") || text.contains("System role not supported")) {
            whyNoSystem = Optional.of("has no system role; put it into the first message");
        } else if (!text.contains("first_user_prefix")) {
            whyNoSystem =
                    Optional.of("treats a system text in a way that pg does not know; put it into the first message");
        }
        return new ChatTemplate(
                tokenizer,
                tokenizer.id(START).getAsInt(),
                tokenizer.id(END).getAsInt(),
                whyNoSystem.map(reason -> directory + ": the chat template " + reason));
    }

    private static Optional<String> text(Path directory) {
        Path file = directory.resolve("chat_template.jinja");
        Path config = directory.resolve("tokenizer_config.json");
        try {
            if (Files.exists(file)) {
                return Optional.of(Files.readString(file));
            }
        } catch (IOException e) {
            throw PgException.cannotRead(file, e);
        }
        if (!Files.exists(config)) {
            return Optional.empty();
        }
        ConfigNode node = ConfigNode.read(config);
        return node.isText("chat_template") ? Optional.of(node.text("chat_template", "")) : Optional.empty();
    }

    /** The token that ends a turn. */
    int endOfTurn() {
        return end;
    }

    /**
     * Ids of the first message, up to where the answer begins.
     *
     * @param system text in front of it, if any
     * @throws PgException if there is a system text and the template has no place for one
     */
    int[] first(Optional<String> system, String message) {
        if (system.isPresent() && whyNoSystem.isPresent()) {
            throw new PgException(whyNoSystem.get());
        }
        String prefix = system.map(text -> text + "\n\n").orElse("");
        return concat(new int[] {tokenizer.bosId()}, turn(prefix + message.strip()));
    }

    /** Ids that end an answer and bring the next message, up to where its answer begins. */
    int[] next(String message) {
        return concat(new int[] {end}, tokenizer.encode("\n"), turn(message.strip()));
    }

    private int[] turn(String message) {
        return concat(
                new int[] {start},
                tokenizer.encode("user\n" + message),
                new int[] {end},
                tokenizer.encode("\n"),
                new int[] {start},
                tokenizer.encode("model\n"));
    }

    private static int[] concat(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
    }
}
