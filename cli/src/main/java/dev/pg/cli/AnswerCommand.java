package dev.pg.cli;

import dev.pg.model.task.Prompts;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Answers a question about pictures. */
@Command(name = "answer", description = "Answers a question about pictures.", mixinStandardHelpOptions = true)
final class AnswerCommand extends TextCommand {
    @Mixin
    private Language language;

    @Parameters(index = "0", paramLabel = "QUESTION", description = "What to ask, in the language of --lang.")
    private String question;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "IMAGE", description = Picture.HELP)
    private List<String> images;

    @Override
    List<String> images() {
        return images;
    }

    @Override
    String prompt() {
        return Prompts.answer(language.code(), question);
    }
}
