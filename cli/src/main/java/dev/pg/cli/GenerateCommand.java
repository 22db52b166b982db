package dev.pg.cli;

import dev.pg.model.Completion;
import dev.pg.model.Request;
import dev.pg.model.TextGenerator;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Continues a prompt as it stands, about any number of pictures; or a file of prompts. */
@Command(
        name = "generate",
        description = "Continues a raw prompt, with any number of pictures, or a file of prompts.",
        mixinStandardHelpOptions = true)
final class GenerateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ModelArguments model;

    @Mixin
    private SamplingArguments sampling;

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description = "A picture of the prompt; may be repeated; - for stdin.")
    private List<String> images = List.of();

    @ArgGroup(multiplicity = "1")
    private Input input;

    @Mixin
    private Console console;

    /** What to continue. */
    static final class Input {
        @Option(
                names = "--prompt",
                paramLabel = "TEXT",
                description = "The prompt, without the line break that ends it.")
        private String prompt;

        @Option(names = "--ids", paramLabel = "2,17,...", split = ",", description = "Token ids in place of a prompt.")
        private int[] ids;

        @Option(
                names = "--batch",
                paramLabel = "FILE",
                description =
                        "Many prompts, run side by side: JSON Lines {\"images\": [...], \"prompt\": \"...\"}; - for"
                                + " stdin.")
        private String batch;
    }

    @Override
    public Integer call() {
        GenerationOptions options = sampling.options();
        if (input.batch != null && !images.isEmpty()) {
            throw new ParameterException(command.commandLine(), "--batch names its own pictures; leave --image out");
        }
        try (TextGenerator generator = model.openGenerator(console)) {
            if (input.batch != null) {
                return new BatchFile(input.batch, console).run(generator, options);
            }
            Image[] pictures =
                    images.stream().map(name -> Picture.one(name).read()).toArray(Image[]::new);
            Request request = input.ids != null ? Request.of(input.ids, pictures) : Request.of(input.prompt, pictures);
            if (console.json()) {
                Completion completion = generator.generate(request, options, TokenListener.NONE);
                console.result(json(images, Optional.ofNullable(input.prompt), completion));
            } else {
                new Answers(console).print(generator, request, options, "");
            }
        }
        return ExitCode.OK;
    }

    /** What one prompt became. */
    static ObjectNode json(List<String> images, Optional<String> prompt, Completion completion) {
        ObjectNode object = CompletionJson.object();
        ArrayNode names = object.putArray("images");
        images.forEach(names::add);
        prompt.ifPresent(text -> object.put("prompt", text));
        CompletionJson.put(object, completion);
        return object;
    }
}
