package dev.pg.cli;

import dev.pg.model.Completion;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A completion as JSON. README.md names the fields. */
final class CompletionJson {
    private CompletionJson() {}

    /** An empty object. */
    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** An array of numbers. */
    static ArrayNode array(int[] values) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode(values.length);
        for (int value : values) {
            array.add(value);
        }
        return array;
    }

    /** Adds what the model wrote, and how long it took. */
    static void put(ObjectNode object, Completion completion) {
        object.put("text", completion.text());
        object.set("ids", array(completion.ids()));
        object.put("finish_reason", completion.best().finishReason().name().toLowerCase(Locale.ROOT));
        // Without a beam search there are no scores, and the only candidate is what stands above.
        if (!Double.isNaN(completion.best().score())) {
            ArrayNode candidates = object.putArray("candidates");
            for (Completion.Candidate candidate : completion.candidates()) {
                ObjectNode one = candidates.addObject();
                one.set("ids", array(candidate.ids()));
                one.put("text", candidate.text());
                one.put("score", candidate.score());
            }
        }
        Completion.Timings timings = completion.timings();
        object.putObject("timings")
                .put("image_seconds", timings.imageSeconds())
                .put("prefill_seconds", timings.prefillSeconds())
                .put("decode_seconds", timings.decodeSeconds())
                .put("prompt_tokens", timings.promptTokens())
                .put("generated_tokens", timings.generatedTokens());
    }
}
