package dev.pg.cli;

import java.util.List;
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
    private static final List<Class<?>> COMMANDS = List.of(
            CaptionCommand.class,
            DescribeCommand.class,
            OcrCommand.class,
            AnswerCommand.class,
            QuestionCommand.class,
            DetectCommand.class,
            SegmentCommand.class,
            GenerateCommand.class,
            ChatCommand.class,
            ScoreCommand.class,
            SearchCommand.class,
            EmbedCommand.class,
            ClassifyCommand.class,
            TokenizeCommand.class,
            DetokenizeCommand.class,
            InspectCommand.class,
            InfoCommand.class,
            TraceCommand.class,
            AdapterCommand.class,
            QuantizeCommand.class,
            EvalCommand.class,
            BenchCommand.class,
            GenerateCompletion.class);

    @Spec
    private CommandSpec spec;

    /**
     * The command line for {@code arguments}, printing to standard output and error. If the first of them names a command, only that
     * one is there: picocli reads annotations by reflection, and reading those of all commands takes a fifth of a cold start.
     */
    static CommandLine commandLine(String... arguments) {
        CommandLine pg = new CommandLine(new Pg());
        List<Class<?>> chosen = COMMANDS.stream()
                .filter(command -> arguments.length > 0 && name(command).equals(arguments[0]))
                .filter(command -> command != GenerateCompletion.class)
                .toList();
        (chosen.isEmpty() ? COMMANDS : chosen).forEach(pg::addSubcommand);
        pg.setCaseInsensitiveEnumValuesAllowed(true);
        pg.setUsageHelpAutoWidth(true);
        pg.setExpandAtFiles(false); // --labels @FILE is ours
        pg.setExecutionExceptionHandler(new Failure());
        pg.setParameterExceptionHandler(new Misuse());
        return pg;
    }

    private static String name(Class<?> command) {
        return command.getAnnotation(Command.class).name();
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "say what to do: give one of the commands");
    }
}
