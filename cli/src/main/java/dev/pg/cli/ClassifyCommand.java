package dev.pg.cli;

import dev.pg.model.Classifier;
import dev.pg.model.SigLip;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** Which of some labels fit a picture. */
@Command(
        name = "classify",
        description = {
            "Says how probable it is that each label fits a picture, without training for the labels.",
            "Prints probabilities and labels, likeliest first; with --json {\"image\": ..., \"probabilities\": {\"label\": ...}}."
                    + " Probabilities are independent of each other and need not add up to 1.",
            "A picture that cannot be read is reported and left out; the exit code is 1 then."
        },
        mixinStandardHelpOptions = true)
final class ClassifyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ModelArguments model;

    @Option(
            names = "--labels",
            required = true,
            paramLabel = "A,B,C|@FILE",
            description = "What to choose from, or a file with one label a line.")
    private String labels;

    @Option(
            names = "--template",
            paramLabel = "TEXT",
            defaultValue = "{}",
            description =
                    "Sentence with {} for the label, such as \"This is a photo of {}.\" (default: the label alone).")
    private String template;

    @Parameters(index = "0..*", arity = "1..*", paramLabel = "IMAGE", description = Picture.HELP)
    private List<String> images;

    @Mixin
    private Console console;

    @Override
    public Integer call() {
        List<String> names;
        List<String> sentences;
        try {
            names = Labels.parse(labels);
            sentences = Labels.sentences(names, template);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
        List<Picture> pictures = Picture.all(images);
        try (SigLip siglip = model.openSigLip(console)) {
            console.noteCut(siglip, sentences);
            Classifier classifier = siglip.classifier(sentences);
            boolean several = pictures.size() > 1;
            int failures = new PictureBatches(console)
                    .run(
                            pictures,
                            classifier::probabilities,
                            (picture, probabilities) -> print(picture, names, probabilities, several));
            return failures == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private void print(Picture picture, List<String> names, float[] probabilities, boolean several) {
        if (console.json()) {
            ObjectNode object = CompletionJson.object().put("image", picture.name());
            ObjectNode all = object.putObject("probabilities");
            for (int i = 0; i < probabilities.length; i++) {
                all.put(names.get(i), probabilities[i]);
            }
            console.result(object);
            return;
        }
        String before = several ? picture.name() + "\t" : "";
        IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -probabilities[i]))
                .forEach(i -> console.result(
                        String.format(Locale.ROOT, "%s%.4f\t%s", before, probabilities[i], names.get(i))));
    }
}
