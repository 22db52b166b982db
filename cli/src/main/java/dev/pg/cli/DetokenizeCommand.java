package dev.pg.cli;

import dev.pg.tokenizer.Tokenizer;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/** Token ids to text. */
@Command(
        name = "detokenize",
        description = {
            "Turns token ids into text.",
            "With --json, stdin holds one JSON array of ids per line, and each becomes a JSON string."
        },
        mixinStandardHelpOptions = true)
final class DetokenizeCommand extends LineCommand {
    private static final Pattern SEPARATOR = Pattern.compile("[\\s,]+");

    @Parameters(
            arity = "0..*",
            paramLabel = "IDS",
            description = "Ids with commas or spaces between them, each argument a text (default: the lines of stdin).")
    private List<String> texts;

    @Override
    List<String> arguments() {
        return texts;
    }

    @Override
    String plain(Tokenizer tokenizer, String line) {
        return tokenizer.decode(ids(line));
    }

    @Override
    JsonNode json(Tokenizer tokenizer, JsonNode line) {
        if (!line.isArray() || line.valueStream().anyMatch(id -> !id.canConvertToInt() || !id.isIntegralNumber())) {
            throw new IllegalArgumentException("expected a JSON array of token ids");
        }
        int[] ids = line.valueStream().mapToInt(JsonNode::intValue).toArray();
        return StringNode.valueOf(tokenizer.decode(ids));
    }

    @Override
    JsonNode argumentToJson(String argument) {
        return CompletionJson.array(ids(argument));
    }

    private static int[] ids(String line) {
        try {
            return SEPARATOR
                    .splitAsStream(line.strip())
                    .filter(id -> !id.isEmpty())
                    .mapToInt(Integer::parseInt)
                    .toArray();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "expected token ids with commas or spaces between them; " + e.getMessage(), e);
        }
    }
}
