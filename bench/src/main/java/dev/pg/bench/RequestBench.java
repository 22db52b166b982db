package dev.pg.bench;

import dev.pg.kernels.WarmUp;
import dev.pg.model.PaliGemma;
import dev.pg.model.Request;
import dev.pg.model.config.VisionConfig;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import dev.pg.model.image.ImageProcessor;
import dev.pg.model.quantize.WeightFormats;
import dev.pg.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/** Measures what a user sees of a model in one number format, and what surrounds its arithmetic. No limit is known for any of it. */
final class RequestBench {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 480;

    private static final int PROMPT_TOKENS = 4;
    private static final GenerationOptions TWELVE_TOKENS =
            GenerationOptions.DEFAULT.withMaxTokens(12).withStopIds(Set.of(Integer.MAX_VALUE));
    private static final List<String> TOKENIZER_FILES = List.of("tokenizer.model", "spiece.model", "tokenizer.json");
    private static final String TEXT = "answer en how many people wait at the station, and what do they carry? ";
    private static final int TEXTS = 100;

    private final Path directory;
    private final BenchOptions options;
    private final WeightFormats formats;
    private final WeightFormat format;
    private final Consumer<Result> out;

    RequestBench(Path directory, BenchOptions options, WeightFormats formats, Consumer<Result> out) {
        this.directory = directory;
        this.options = options;
        this.formats = formats;
        this.format = WeightFormat.read(directory, formats);
        this.out = out;
    }

    /** The number format of the weights. */
    WeightFormat format() {
        return format;
    }

    /**
     * Opens the model, captions a picture for the first time and then again, each with twelve tokens. In a JVM that has computed nothing
     * before, the first caption compiles the kernels and touches the weights; {@code warm-up} is by how much that delays it.
     */
    void captions() {
        int threads = options.threads().getLast();
        long start = System.nanoTime();
        try (PaliGemma model = PaliGemma.open(directory, options.model(formats))) {
            Sample load = Sample.of((System.nanoTime() - start) / 1e9);
            int[] ids = prompt(model);
            Request request = Request.of(ids, picture());
            Runnable caption = () -> model.generate(request, TWELVE_TOKENS, TokenListener.NONE);
            Sample first = Sample.of(Repeated.seconds(1, caption));
            WarmUp.finish();
            Sample later = new Repeated(1, caption).sample(options.runs());
            add("load", threads, 0, load, format.bytes() / 1e9, "GB/s", 1);
            add("first-caption", threads, ids.length, first, 1, "captions/s", 1);
            add("caption", threads, ids.length, later, 1, "captions/s", 1);
            double delay = Math.max(0, first.median() - later.median());
            out.accept(new Result(
                    "warm-up",
                    threads,
                    format.name(),
                    ids.length,
                    1,
                    delay,
                    first.median() / later.median(),
                    "first/later",
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    later.spread(),
                    0));
        }
    }

    /** A picture and a text of a few tokens, whatever tokenizer there is. */
    private static int[] prompt(PaliGemma model) {
        int[] ids = new int[model.config().vision().patches() + PROMPT_TOKENS];
        Arrays.fill(ids, 0, ids.length - PROMPT_TOKENS, model.config().imageTokenId());
        Arrays.fill(ids, ids.length - PROMPT_TOKENS, ids.length, 2);
        return ids;
    }

    /** From a picture in memory to the input of the tower. */
    void preprocess(VisionConfig vision) {
        ImageProcessor processor = ImageProcessor.open(directory, vision.imageSize());
        Image picture = picture();
        Sample sample = Repeated.warm(() -> processor.pixels(picture)).sample(options.runs());
        add("preprocess", 1, vision.patches(), sample, WIDTH * HEIGHT / 1e6, "Mpixel/s", 1);
    }

    /** From text to ids; nothing if the directory has no tokenizer. */
    void tokenizer() {
        if (TOKENIZER_FILES.stream().noneMatch(file -> Files.exists(directory.resolve(file)))) {
            return;
        }
        Tokenizer tokenizer = Tokenizer.open(directory);
        String text = TEXT.repeat(TEXTS);
        int tokens = tokenizer.encode(text).length;
        Sample sample = Repeated.warm(() -> tokenizer.encode(text)).sample(options.runs());
        add("tokenizer", 1, tokens, sample, tokens, "tokens/s", tokens);
    }

    private static Image picture() {
        byte[] rgb = new byte[3 * WIDTH * HEIGHT];
        new Random(1).nextBytes(rgb);
        return Image.of(WIDTH, HEIGHT, rgb);
    }

    /**
     * @param perRun of {@code unit}
     * @param count tokens or pictures of one run
     */
    private void add(String name, int threads, int tokens, Sample sample, double perRun, String unit, double count) {
        out.accept(new Result(
                name,
                threads,
                format.name(),
                tokens,
                1,
                sample.median(),
                perRun / sample.median(),
                unit,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                sample.spread(),
                count / sample.median()));
    }
}
