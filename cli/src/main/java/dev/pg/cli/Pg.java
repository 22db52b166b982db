package dev.pg.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code pg} command: nothing by itself, everything in its subcommands. */
@Command(
        name = "pg",
        description = "Asks a PaliGemma model about pictures: text, boxes and masks.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            CaptionCommand.class,
            DescribeCommand.class,
            OcrCommand.class,
            AnswerCommand.class,
            QuestionCommand.class,
            DetectCommand.class,
            SegmentCommand.class,
            GenerateCommand.class,
            TokenizeCommand.class,
            DetokenizeCommand.class,
            InspectCommand.class,
            InfoCommand.class,
            TraceCommand.class,
            BenchCommand.class,
            GenerateCompletion.class,
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all went well",
            "1:something failed: the model, a picture, an output; stderr says what",
            "2:the command line is wrong",
            "130:interrupted by Ctrl-C",
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  pg caption holiday.jpg",
            "  pg detect \"cat ; dog\" --draw boxes.png holiday.jpg",
            "  pg caption --model paligemma2-3b-mix-224 --json 'pictures/*.jpg' > captions.jsonl",
            "%nWithout --model and PG_MODEL, a small demo model inside the jar answers.",
        })
final class Pg implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    /** The command line with all that it needs to run, printing to standard output and error. */
    static CommandLine commandLine() {
        CommandLine pg = new CommandLine(new Pg());
        pg.setCaseInsensitiveEnumValuesAllowed(true);
        pg.setUsageHelpAutoWidth(true);
        pg.setExecutionExceptionHandler(new Failure());
        pg.setParameterExceptionHandler(new Misuse());
        pg.getSubcommands()
                .get("generate-completion")
                .getCommandSpec()
                .usageMessage()
                .hidden(false);
        return pg;
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "say what to do: give one of the commands");
    }
}
