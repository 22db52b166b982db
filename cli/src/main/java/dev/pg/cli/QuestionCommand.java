package dev.pg.cli;

import dev.pg.model.task.Prompts;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Asks the question about pictures that has a given answer. */
@Command(
        name = "question",
        description = "Asks the question about pictures that has a given answer.",
        mixinStandardHelpOptions = true)
final class QuestionCommand extends TextCommand {
    @Mixin
    private Language language;

    @Parameters(index = "0", paramLabel = "ANSWER", description = "The answer.")
    private String answer;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "IMAGE", description = Picture.HELP)
    private List<String> images;

    @Override
    List<String> images() {
        return images;
    }

    @Override
    String prompt() {
        return Prompts.question(language.code(), answer);
    }
}
