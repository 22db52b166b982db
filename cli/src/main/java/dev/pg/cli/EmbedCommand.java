package dev.pg.cli;

import dev.pg.cli.EmbeddingSink.Kind;
import dev.pg.kernels.Matrix;
import dev.pg.model.ColPali;
import dev.pg.model.Embedder;
import dev.pg.model.Embedder.Pooling;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Pictures and texts to vectors. */
@Command(
        name = "embed",
        description = {
            "Turns pictures and texts into vectors of length 1, for search by similarity.",
            "Prints the picture or text, a tab and the numbers, or with --json {\"image\" or \"text\": ..., \"embedding\": [...]};"
                    + " \"embeddings\": [[...], ...] where there are several vectors. With --out it writes one file.",
            "A picture that cannot be read is reported and left out; the exit code is 1 then."
        },
        mixinStandardHelpOptions = true)
final class EmbedCommand implements Callable<Integer> {
    /** Texts that are embedded before they are printed. */
    private static final int TEXTS = 256;

    @Spec
    private CommandSpec command;

    @Mixin
    private ModelArguments model;

    @Option(names = "--image", arity = "1..*", paramLabel = "IMAGE", description = Picture.HELP + " May be repeated.")
    private List<String> images = List.of();

    @Option(names = "--text", paramLabel = "TEXT", description = "A text; may be repeated.")
    private List<String> texts = List.of();

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "Write FILE.safetensors (image_embeds, text_embeds [n x dim], or image.N; of a ColPali page.N, query.N) or FILE.npy instead of printing.")
    private Path out;

    @Option(names = "--raw", description = "Leave the vectors as long as the network makes them.")
    private boolean raw;

    @Option(
            names = "--pool",
            paramLabel = "head|mean|none",
            description =
                    "One vector of a picture by the model's pooling head or as the mean of its patches, or one for each"
                            + " patch (default: what the model was trained for).")
    private Pooling pooling;

    @Mixin
    private Console console;

    @Override
    public Integer call() {
        if (images.isEmpty() && texts.isEmpty()) {
            throw new ParameterException(command.commandLine(), "give something to embed: --image or --text");
        }
        if (out != null && !EmbeddingFile.accepts(out)) {
            throw new ParameterException(
                    command.commandLine(), "--out must end in .safetensors or .npy, which says what is written");
        }
        List<Picture> pictures = Picture.all(images);
        try (Embedder embedder = model.openEmbedder(console);
                EmbeddingSink sink =
                        out == null ? new EmbeddingPrinter(console) : new EmbeddingFile(out, words(embedder))) {
            Pooling chosen = pooling == null ? embedder.defaultPooling() : pooling;
            long start = System.nanoTime();
            int failures = new PictureBatches(console)
                    .run(
                            pictures,
                            some -> embedder.embedImages(some, chosen),
                            (picture, vectors) -> add(sink, Kind.IMAGE, picture.name(), vectors, chosen));
            embedTexts(embedder, sink);
            sink.finish();
            console.detail("embedded " + (pictures.size() - failures) + " pictures and " + texts.size() + " texts in "
                    + Timing.since(start));
            return failures == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    /** What tensors of several vectors are called. */
    private static Map<Kind, String> words(Embedder embedder) {
        return embedder instanceof ColPali
                ? Map.of(Kind.IMAGE, "page", Kind.TEXT, "query")
                : Map.of(Kind.IMAGE, "image", Kind.TEXT, "text");
    }

    private void embedTexts(Embedder embedder, EmbeddingSink sink) {
        console.noteCut(embedder, texts);
        for (int from = 0; from < texts.size(); from += TEXTS) {
            List<String> some = texts.subList(from, Math.min(from + TEXTS, texts.size()));
            List<Matrix> vectors = embedder.embedTexts(some);
            for (int i = 0; i < some.size(); i++) {
                add(sink, Kind.TEXT, some.get(i), vectors.get(i), embedder.textPooling());
            }
        }
    }

    private void add(EmbeddingSink sink, Kind kind, String source, Matrix vectors, Pooling how) {
        if (!raw) {
            Embedder.normalize(vectors);
        }
        sink.add(kind, source, vectors, how == Pooling.NONE);
    }
}
