package dev.pg.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which model: {@code --model}, else {@code PG_MODEL}, else the one in the jar. */
final class ModelDirectory {
    @Option(
            names = {"-m", "--model"},
            paramLabel = "DIR",
            defaultValue = "${env:PG_MODEL}",
            showDefaultValue = picocli.CommandLine.Help.Visibility.NEVER,
            description =
                    "Checkpoint directory as downloaded from Hugging Face (default: $PG_MODEL, else the demo model).")
    private Path directory;

    /** True if nobody chose a model. */
    boolean isDemo() {
        return directory == null || directory.toString().isEmpty();
    }

    /** The directory, with a note that the demo model is one. */
    Path path(Console console) {
        if (!isDemo()) {
            return directory;
        }
        console.note(
                "no --model and no PG_MODEL: the demo model answers, which knows coloured shapes and printed words only");
        return DemoModel.directory();
    }
}
