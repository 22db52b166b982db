package dev.pg.cli;

import dev.pg.model.task.Prompts;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Reads the text in pictures. */
@Command(name = "ocr", description = "Reads the text in pictures.", mixinStandardHelpOptions = true)
final class OcrCommand extends TextCommand {
    @Parameters(index = "0..*", arity = "1..*", paramLabel = "IMAGE", description = Picture.HELP)
    private List<String> images;

    @Override
    List<String> images() {
        return images;
    }

    @Override
    String prompt() {
        return Prompts.ocr();
    }
}
