package dev.pg.cli;

import dev.pg.model.generate.BeamStyle;
import dev.pg.model.generate.GenerationOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How the words are chosen. Without any of these: the most likely token each time. */
final class SamplingArguments {
    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "256",
            description = "Longest answer, in tokens (default: ${DEFAULT-VALUE}).")
    private int maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description =
                    "Sample: 0 takes the most likely token, 1 follows the model's probabilities (default: 0, or 1 if"
                            + " --top-k or --top-p is given).")
    private Double temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Sample from the K most likely tokens only.")
    private Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Sample from the most likely tokens that have probability P together.")
    private Double topP;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "The same seed gives the same sample (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--beams",
            paramLabel = "N",
            defaultValue = "1",
            description = "Beam search of this width (default: ${DEFAULT-VALUE}, none).")
    private int beams;

    @Option(
            names = "--beam-style",
            paramLabel = "NAME",
            defaultValue = "transformers",
            description = "Score of a beam: transformers (mean log-probability) or big_vision (sum); default:"
                    + " ${DEFAULT-VALUE}.")
    private BeamStyle beamStyle;

    @Option(
            names = "--return",
            paramLabel = "K",
            defaultValue = "1",
            description = "How many of the best beams to print (default: ${DEFAULT-VALUE}).")
    private int returnCount;

    /** The options, or a complaint about the value that is out of range. */
    GenerationOptions options() {
        double defaultTemperature = topK == null && topP == null ? 0 : 1;
        try {
            return GenerationOptions.DEFAULT
                    .withMaxTokens(maxTokens)
                    .withSampling(
                            temperature == null ? defaultTemperature : temperature,
                            topK == null ? 0 : topK,
                            topP == null ? 1 : topP,
                            seed)
                    .withBeams(beams, beamStyle, returnCount);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }
}
