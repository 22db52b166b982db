package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Matrix;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.config.Architecture;
import dev.pg.model.config.PaliGemmaConfig;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import dev.pg.model.image.ImageProcessor;
import dev.pg.model.siglip.VisionTower;
import dev.pg.model.task.Detection;
import dev.pg.model.task.MaskDecoder;
import dev.pg.model.task.Prompts;
import dev.pg.model.task.Segmentation;
import dev.pg.model.text.Gemma;
import dev.pg.model.text.Prompt;
import dev.pg.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * PaliGemma and PaliGemma 2: pictures and a prompt go in, text, boxes and masks come out.
 *
 * <pre>{@code
 * try (var pg = PaliGemma.open(Path.of("paligemma2-3b-mix-224"))) {
 *     IO.println(pg.caption(image, "en"));
 *     for (Detection d : pg.detect(image, "cat", "dog")) draw(d.box(), d.label());
 * }
 * }</pre>
 *
 * Thread-safe as {@link Model} says: calls queue.
 */
public final class PaliGemma implements TextGenerator, Embedder {
    private static final String IMAGE_MARK = "<image>";

    private final Engine engine;
    private final PaliGemmaConfig config;
    private final VisionTower vision;
    private final Linear projector;
    private final Gemma text;
    private final ImageProcessor imageProcessor;
    private final ImageEmbedder images;
    private final Completions completions;
    private final Regions regions;
    private Image lastImage;
    private Matrix lastFeatures; // of lastImage

    PaliGemma(Engine engine) {
        this(engine, PaliGemmaConfig.read(engine.config()));
    }

    /** As a part of another model, in whose configuration {@code config} stands. */
    PaliGemma(Engine engine, PaliGemmaConfig config) {
        this.engine = engine;
        this.config = config;
        ModelTensors tensors = engine.tensors();
        this.vision = new VisionTower(config.vision(), tensors);
        this.projector = tensors.linear(
                "multi_modal_projector.linear",
                config.text().hiddenSize(),
                config.vision().hiddenSize());
        this.text = new Gemma(config.text(), tensors);
        this.imageProcessor = engine.imageProcessor(config.vision());
        this.images = new ImageEmbedder(engine, vision, Optional.empty(), imageProcessor);
        this.completions = new Completions(engine, text, softCap());
        this.regions = new Regions(engine);
    }

    /** Opens a checkpoint directory with {@link ModelOptions#DEFAULT}. */
    public static PaliGemma open(Path directory) {
        return open(directory, ModelOptions.DEFAULT);
    }

    /**
     * Opens a checkpoint directory.
     *
     * @throws PgException if it is not a PaliGemma, incomplete or damaged
     */
    public static PaliGemma open(Path directory, ModelOptions options) {
        return Model.open(directory, options, PaliGemma.class);
    }

    /** The cap on the logits, 0 for none. transformers 5 leaves it out of PaliGemma 2; older versions applied it. */
    private float softCap() {
        return engine.options().finalSoftCap() == ModelOptions.FinalSoftCap.ON
                ? config.text().finalSoftCap()
                : 0;
    }

    @Override
    public Path directory() {
        return engine.directory();
    }

    @Override
    public Architecture architecture() {
        return Architecture.PALIGEMMA;
    }

    @Override
    public ModelOptions options() {
        return engine.options();
    }

    public PaliGemmaConfig config() {
        return config;
    }

    /** One short sentence about the picture, in the language of the two-letter code. */
    public String caption(Image image, String language) {
        return write(image, Prompts.caption(language));
    }

    /** A longer description. */
    public String describe(Image image, String language) {
        return write(image, Prompts.describe(language));
    }

    /** The text in the picture. */
    public String ocr(Image image) {
        return write(image, Prompts.ocr());
    }

    /** The answer to a question, in the language of the question's two-letter code. */
    public String answer(Image image, String language, String question) {
        return write(image, Prompts.answer(language, question));
    }

    /** A question about the picture to which {@code answer} is the answer. */
    public String question(Image image, String language, String answer) {
        return write(image, Prompts.question(language, answer));
    }

    /**
     * Finds things.
     *
     * @param things what to look for, as nouns: "cat", "red car"
     * @return boxes in pixels of {@code image}, in the order in which the model names them
     */
    public List<Detection> detect(Image image, String... things) {
        return detections(ids(image, Prompts.detect(things)), image.width(), image.height());
    }

    /**
     * Finds things and outlines them.
     *
     * @return boxes and masks in pixels of {@code image}
     * @throws PgException if there is no mask decoder; see {@link ModelOptions}
     */
    public List<Segmentation> segment(Image image, String... things) {
        return segmentations(ids(image, Prompts.segment(things)), image.width(), image.height());
    }

    /** The boxes in generated ids, on a picture of {@code width × height} pixels. */
    public List<Detection> detections(int[] ids, int width, int height) {
        return regions.detections(tokenizer(), ids, width, height);
    }

    /** The boxes and masks in generated ids, on a picture of {@code width × height} pixels. */
    public List<Segmentation> segmentations(int[] ids, int width, int height) {
        return regions.segmentations(tokenizer(), ids, width, height);
    }

    /**
     * What turns the segmentation tokens of an answer into masks.
     *
     * @throws PgException if there is none; see {@link ModelOptions}
     */
    public MaskDecoder maskDecoder() {
        return regions.maskDecoder();
    }

    private int[] ids(Image image, String prompt) {
        return generate(Request.of(prompt, image), GenerationOptions.DEFAULT, TokenListener.NONE)
                .ids();
    }

    private String write(Image image, String prompt) {
        return generate(Request.of(prompt, image), GenerationOptions.DEFAULT, TokenListener.NONE)
                .text();
    }

    @Override
    public List<Completion> generate(List<Request> requests, GenerationOptions options, TokenListener listener) {
        return completions.run(requests, this::prepare, options, listener);
    }

    @Override
    public void follow(List<Request> requests, List<int[]> texts, LogitsListener listener) {
        completions.follow(requests, texts, this::prepare, listener);
    }

    @Override
    public int vocabulary() {
        return completions.vocabulary();
    }

    @Override
    public Pooling defaultPooling() {
        return images.defaultPooling();
    }

    /** Embeds pictures by the vision tower alone: what the language model is shown before the projection. */
    @Override
    public List<Matrix> embedImages(List<Image> pictures, Pooling pooling) {
        return images.embed(pictures, pooling);
    }

    /** @throws PgException always: the decoder was not trained to embed texts */
    @Override
    public List<Matrix> embedTexts(List<String> texts) {
        throw new PgException(directory() + ": a PaliGemma embeds pictures only; take a SigLIP for texts");
    }

    /** What enters the decoder. Only while the model is held. */
    Prompt prepare(Request request) {
        List<Image> images = request.images();
        return prompt(
                promptIds(request), images.size() == 1 ? imageFeatures(images.getFirst()) : imageFeatures(images));
    }

    /** The features of several pictures, one below the other. */
    private Matrix imageFeatures(List<Image> images) {
        int patches = config.vision().patches();
        Matrix features = new Matrix(images.size() * patches, config.text().hiddenSize());
        for (int i = 0; i < images.size(); i++) {
            Matrix one = imageFeatures(images.get(i));
            System.arraycopy(one.data(), 0, features.data(), features.at(i * patches), patches * one.stride());
        }
        return features;
    }

    /**
     * A picture as the decoder sees it: [patches × text hidden]. Several questions about one picture encode it once; more of a
     * prompt cannot be kept, since from the first layer on its keys and values depend on the question. Not to be written to. Only while
     * the model is held.
     */
    private Matrix imageFeatures(Image image) {
        if (!image.equals(lastImage)) {
            Matrix encoded = vision.encode(engine.compute(), imageProcessor.pixels(image), LayerTap.NONE);
            lastFeatures = new Matrix(encoded.rows(), config.text().hiddenSize());
            engine.compute().matMul().multiply(encoded, projector, lastFeatures);
            lastImage = image;
        }
        return lastFeatures;
    }

    /**
     * A prompt in PaliGemma's layout: all of it sees all of it, and positions start at 1.
     *
     * @param features one row for each image token in {@code ids}
     * @throws PgException if the numbers differ
     */
    Prompt prompt(int[] ids, Matrix features) {
        long marks =
                Arrays.stream(ids).filter(id -> id == config.imageTokenId()).count();
        if (marks != features.rows()) {
            throw new PgException("the prompt has " + marks + " image tokens, its pictures make " + features.rows()
                    + "; write one <image> per picture, or none");
        }
        return new Prompt(ids, ids.length, 1, config.imageTokenId(), features);
    }

    @Override
    public int[] promptIds(Request request) {
        return promptIds(request.prompt(), request.ids(), request.images().size());
    }

    /** The token ids of a prompt about {@code pictures} pictures; see {@link Request}. */
    int[] promptIds(Optional<String> prompt, Optional<int[]> ids, int pictures) {
        int[] marks = new int[pictures * config.vision().patches()];
        Arrays.fill(marks, config.imageTokenId());
        if (ids.isPresent()) {
            boolean marked = Arrays.stream(ids.get()).anyMatch(id -> id == config.imageTokenId());
            return marked ? ids.get() : concat(marks, ids.get());
        }
        String text = prompt.orElseThrow(() -> new PgException("give a prompt or token ids"));
        if (!text.contains(IMAGE_MARK)) {
            return concat(marks, new int[] {tokenizer().bosId()}, tokenizer().encode(text + "\n"));
        }
        return marked(text);
    }

    /** Each mark becomes the tokens of a picture; begin of sequence stands behind the last. */
    private int[] marked(String prompt) {
        int[] marks = new int[config.vision().patches()];
        Arrays.fill(marks, config.imageTokenId());
        int[] ids = {};
        String[] pieces = prompt.split(IMAGE_MARK, -1);
        for (int i = 0; i < pieces.length - 1; i++) {
            ids = concat(ids, tokenizer().encode(pieces[i]), marks);
        }
        return concat(ids, new int[] {tokenizer().bosId()}, tokenizer().encode(pieces[pieces.length - 1] + "\n"));
    }

    @Override
    public boolean hasTokenizer() {
        return engine.hasTokenizer();
    }

    @Override
    public Tokenizer tokenizer() {
        Tokenizer tokenizer = completions.tokenizer();
        OptionalInt mark = tokenizer.id(IMAGE_MARK);
        if (mark.isEmpty() || mark.getAsInt() != config.imageTokenId()) {
            throw new PgException(directory() + ": the tokenizer has "
                    + (mark.isEmpty() ? "no " + IMAGE_MARK : IMAGE_MARK + " as " + mark.getAsInt())
                    + ", config.json as " + config.imageTokenId()
                    + "; the tokenizer belongs to another model, or added_tokens.json is missing");
        }
        return tokenizer;
    }

    @Override
    public Set<Integer> stopIds() {
        return completions.stopIds();
    }

    Completions completions() {
        return completions;
    }

    Engine engine() {
        return engine;
    }

    VisionTower vision() {
        return vision;
    }

    Linear projector() {
        return projector;
    }

    Gemma text() {
        return text;
    }

    ImageProcessor imageProcessor() {
        return imageProcessor;
    }

    @Override
    public PaliGemma withAdapters(List<Adapter> adapters) {
        Engine other = engine.with(adapters);
        PaliGemma model = new PaliGemma(other);
        other.tensors().checkComplete();
        return model;
    }

    @Override
    public void close() {
        engine.close();
    }

    private static int[] concat(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }
}
