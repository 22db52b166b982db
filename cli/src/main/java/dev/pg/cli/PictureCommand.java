package dev.pg.cli;

import dev.pg.model.Completion;
import dev.pg.model.PaliGemma;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.image.Image;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** A command that asks one thing about each of many pictures. A picture that fails is reported, and the others go on. */
abstract class PictureCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ModelArguments model;

    @Mixin
    private SamplingArguments sampling;

    @Mixin
    private Console console;

    /** What the command line names as pictures. */
    abstract List<String> images();

    /**
     * What to ask, in the words that the model was trained on.
     *
     * @throws IllegalArgumentException if the words on the command line make no prompt
     */
    abstract String prompt();

    /** Looks for contradictions in the command line, before any work is done. */
    void check(List<Picture> pictures) {}

    /** The file of the mask decoder, if the command line names one. */
    Optional<Path> maskDecoder() {
        return Optional.empty();
    }

    /** Asks about one picture and prints the answer. */
    abstract void ask(PaliGemma paliGemma, Picture picture, Image image, GenerationOptions options);

    @Override
    public final Integer call() {
        GenerationOptions options = sampling.options();
        checkPrompt();
        List<Picture> pictures = Picture.all(images());
        check(pictures);
        int failures = 0;
        try (PaliGemma paliGemma = model.openPaliGemma(console, maskDecoder())) {
            for (Picture picture : pictures) {
                try {
                    ask(paliGemma, picture, picture.read(), options);
                } catch (OutputClosed e) {
                    throw e;
                } catch (RuntimeException | OutOfMemoryError failure) {
                    failures++;
                    report(picture, failure);
                }
            }
        }
        return failures == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private void checkPrompt() {
        try {
            prompt();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    private void report(Picture picture, Throwable failure) {
        console.failure(picture.name(), failure);
        if (console.json()) {
            console.result(CompletionJson.object().put("image", picture.name()).put("error", Failure.message(failure)));
        }
    }

    final CommandSpec command() {
        return command;
    }

    final Console console() {
        return console;
    }

    /** The beginning of a picture's JSON line. */
    final ObjectNode json(Picture picture, Completion completion) {
        ObjectNode object = CompletionJson.object().put("image", picture.name()).put("prompt", prompt());
        CompletionJson.put(object, completion);
        return object;
    }
}
