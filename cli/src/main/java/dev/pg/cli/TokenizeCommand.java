package dev.pg.cli;

import dev.pg.tokenizer.Encoding;
import dev.pg.tokenizer.Tokenizer;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** Text to token ids, nothing added at the ends. */
@Command(
        name = "tokenize",
        description = {
            "Turns text into token ids; nothing is added at the ends.",
            "With --json, stdin holds one JSON string per line, and each becomes {\"ids\": [...], \"pieces\": [...]}.",
            "A SigLIP's tokenizer reads texts without capitals, the first generation's without punctuation as well; "
                    + "--json shows that as \"canonical\"."
        },
        mixinStandardHelpOptions = true)
final class TokenizeCommand extends LineCommand {
    @Parameters(arity = "0..*", paramLabel = "TEXT", description = "Texts (default: the lines of stdin).")
    private List<String> texts;

    @Override
    List<String> arguments() {
        return texts;
    }

    @Override
    String plain(Tokenizer tokenizer, String text) {
        return IntStream.of(tokenizer.encode(text)).mapToObj(String::valueOf).collect(Collectors.joining(" "));
    }

    @Override
    JsonNode json(Tokenizer tokenizer, JsonNode line) {
        if (!line.isString()) {
            throw new IllegalArgumentException("expected a JSON string");
        }
        Encoding encoding = tokenizer.encodeWithPieces(line.stringValue());
        ObjectNode object = CompletionJson.object();
        ArrayNode ids = object.putArray("ids");
        encoding.ids().forEach(ids::add);
        ArrayNode pieces = object.putArray("pieces");
        encoding.pieces().forEach(pieces::add);
        if (tokenizer.canonicalises()) {
            object.put("canonical", tokenizer.canonical(line.stringValue()));
        }
        return object;
    }

    @Override
    JsonNode argumentToJson(String argument) {
        return StringNode.valueOf(argument);
    }
}
