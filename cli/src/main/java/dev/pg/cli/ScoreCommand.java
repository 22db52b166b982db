package dev.pg.cli;

import dev.pg.model.Score;
import dev.pg.model.TextModel;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How likely a text is. */
@Command(
        name = "score",
        description = {
            "Shows how likely a text is to a Gemma: the log-probability of each token, and the perplexity of the whole.",
            "With --json {\"text\": ..., \"ids\": [...], \"log_probs\": [...], \"sum\": ..., \"perplexity\": ...}, without the first token."
        },
        mixinStandardHelpOptions = true)
final class ScoreCommand implements Callable<Integer> {
    @Mixin
    private ModelArguments model;

    @ArgGroup(multiplicity = "1")
    private Input input;

    @Mixin
    private Console console;

    /** What to score. */
    static final class Input {
        @Option(
                names = "--text",
                paramLabel = "TEXT",
                description = "A text; a begin-of-sequence token stands before it.")
        private String text;

        @Option(names = "--ids", paramLabel = "2,17,...", split = ",", description = "Token ids in place of a text.")
        private int[] ids;
    }

    @Override
    public Integer call() {
        try (TextModel opened = model.openText(console)) {
            Score score = input.ids == null ? opened.score(input.text) : opened.score(input.ids);
            if (console.json()) {
                console.result(json(score));
            } else {
                print(opened, score);
            }
        }
        return ExitCode.OK;
    }

    private ObjectNode json(Score score) {
        ObjectNode object = CompletionJson.object();
        if (input.text != null) {
            object.put("text", input.text);
        }
        object.set("ids", CompletionJson.array(score.ids()));
        ArrayNode logProbs = object.putArray("log_probs");
        for (float logProb : score.logProbs()) {
            logProbs.add(logProb);
        }
        return object.put("sum", score.sum()).put("perplexity", score.perplexity());
    }

    private void print(TextModel opened, Score score) {
        for (int i = 0; i < score.ids().length; i++) {
            int id = score.ids()[i];
            String token = opened.hasTokenizer() ? opened.tokenizer().piece(id) : String.valueOf(id);
            console.result(String.format(Locale.ROOT, "%.4f\t%s", score.logProbs()[i], token.replace("\n", "\\n")));
        }
        console.result(
                String.format(Locale.ROOT, "log-probability %.4f, perplexity %.4f", score.sum(), score.perplexity()));
    }
}
