package dev.pg.cli;

import dev.pg.model.task.Prompts;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Describes pictures at length. */
@Command(name = "describe", description = "Describes pictures at length.", mixinStandardHelpOptions = true)
final class DescribeCommand extends TextCommand {
    @Mixin
    private Language language;

    @Parameters(index = "0..*", arity = "1..*", paramLabel = "IMAGE", description = Picture.HELP)
    private List<String> images;

    @Override
    List<String> images() {
        return images;
    }

    @Override
    String prompt() {
        return Prompts.describe(language.code());
    }
}
