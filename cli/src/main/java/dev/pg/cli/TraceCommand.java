package dev.pg.cli;

import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.model.Model;
import dev.pg.model.Trace;
import dev.pg.model.TraceInput;
import dev.pg.model.image.Image;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes the intermediate tensors of one forward pass to a file. */
@Command(
        name = "trace",
        description = "Writes the named intermediate tensors of one forward pass, to compare them with the reference.",
        mixinStandardHelpOptions = true)
final class TraceCommand implements Callable<Integer> {
    private static final String PIXELS = "pixel_values";
    private static final String SHAPES = "spatial_shapes";

    @Mixin
    private ModelArguments model;

    @ArgGroup
    private View view;

    @ArgGroup
    private Words words;

    @Option(names = "--suffix", paramLabel = "TEXT", description = "Answer behind the prompt, as in training.")
    private String suffix;

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "Safetensors file to write.")
    private Path out;

    @Mixin
    private Console console;

    /** What the model sees. */
    static final class View {
        @Option(names = "--image", paramLabel = "FILE", description = "A picture; may be repeated.")
        private List<String> images;

        @Option(
                names = "--pixels",
                paramLabel = "FILE",
                description = "Safetensors file with a tensor " + PIXELS + " in place of pictures; for NaFlex also "
                        + SHAPES + ".")
        private Path pixels;
    }

    /** What the model reads. */
    static final class Words {
        @Option(
                names = {"--prompt", "--text"},
                paramLabel = "TEXT",
                description = "The prompt; for a SigLIP a text to compare with the pictures, may be repeated.")
        private List<String> texts;

        @Option(names = "--ids", paramLabel = "2,17,...", split = ",", description = "Token ids in place of a prompt.")
        private int[] ids;
    }

    @Override
    public Integer call() {
        List<Image> images = view == null || view.images == null
                ? List.of()
                : view.images.stream().map(name -> Picture.one(name).read()).toList();
        List<String> texts = words == null || words.texts == null ? List.of() : words.texts;
        Optional<int[]> ids = Optional.ofNullable(words).map(w -> w.ids);
        try (Model opened = model.open(console);
                Arena arena = Arena.ofShared()) {
            Map<String, Tensor> given = view == null || view.pixels == null
                    ? Map.of()
                    : Safetensors.open(view.pixels, arena).tensors();
            if (view != null && view.pixels != null && !given.containsKey(PIXELS)) {
                throw new PgException(view.pixels + ": has no tensor \"" + PIXELS + "\"; give a file that has one");
            }
            TraceInput input = new TraceInput(
                    images,
                    Optional.ofNullable(given.get(PIXELS)),
                    Optional.ofNullable(given.get(SHAPES)),
                    texts,
                    ids,
                    Optional.ofNullable(suffix));
            List<Tensor> tensors = Trace.run(opened, input);
            Safetensors.write(out, tensors, Map.of());
            print(tensors);
        }
        return ExitCode.OK;
    }

    private void print(List<Tensor> tensors) {
        if (!console.json()) {
            tensors.forEach(tensor -> console.result(tensor.toString()));
            return;
        }
        ObjectNode object = CompletionJson.object().put("out", out.toString());
        ArrayNode list = object.putArray("tensors");
        tensors.forEach(tensor -> list.add(TensorFacts.of(tensor).json()));
        console.result(object);
    }
}
