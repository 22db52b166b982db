package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.kernels.Blocks;
import dev.pg.kernels.Matrix;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.config.Architecture;
import dev.pg.model.config.SigLipConfig;
import dev.pg.model.image.Image;
import dev.pg.model.image.ImageProcessor;
import dev.pg.model.siglip.PoolingHead;
import dev.pg.model.siglip.TextTower;
import dev.pg.model.siglip.VisionTower;
import dev.pg.tokenizer.Padded;
import dev.pg.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * SigLIP and SigLIP 2, with or without a text tower, for pictures of one size or of any (NaFlex): pictures and texts become vectors
 * of one space, and how well a text fits a picture is a probability (arXiv 2303.15343, 2502.14786).
 *
 * <pre>{@code
 * try (var siglip = SigLip.open(Path.of("siglip2-so400m-patch16-naflex"))) {
 *     Classifier classifier = siglip.classifier(List.of("a photo of a cat", "a photo of a dog"));
 *     float[] probabilities = classifier.probabilities(List.of(image)).getFirst();
 * }
 * }</pre>
 *
 * Thread-safe as {@link Model} says: calls queue.
 */
public final class SigLip implements Embedder {
    /** Texts that go through the tower together. */
    private static final int TEXTS = 16;

    private final Engine engine;
    private final Architecture architecture;
    private final SigLipConfig config;
    private final VisionTower vision;
    private final Optional<PoolingHead> head;
    private final ImageProcessor imageProcessor;
    private final ImageEmbedder images;
    private final Optional<TextTower> text;
    private final float logitScale;
    private final float logitBias;

    SigLip(Engine engine, Architecture architecture) {
        this.engine = engine;
        this.architecture = architecture;
        this.config = SigLipConfig.read(engine.config(), architecture);
        ModelTensors tensors = engine.tensors();
        this.vision = new VisionTower(config.vision(), tensors);
        this.text = config.text().map(text -> new TextTower(text, tensors));
        // A tower that was saved alone may lack the head although its config does not say so.
        boolean hasHead = config.vision().pooled() && (text.isPresent() || PoolingHead.isIn(tensors));
        this.head = hasHead ? Optional.of(new PoolingHead(config.vision().encoder(), tensors)) : Optional.empty();
        this.imageProcessor = engine.imageProcessor(config.vision());
        this.images = new ImageEmbedder(engine, vision, head, imageProcessor);
        this.logitScale = text.isPresent() ? (float) Math.exp(tensors.vector("logit_scale", 1)[0]) : Float.NaN;
        this.logitBias = text.isPresent() ? tensors.vector("logit_bias", 1)[0] : Float.NaN;
    }

    /** Opens a checkpoint directory with {@link ModelOptions#DEFAULT}. */
    public static SigLip open(Path directory) {
        return open(directory, ModelOptions.DEFAULT);
    }

    /**
     * Opens a checkpoint directory.
     *
     * @throws PgException if it is not a SigLIP, incomplete or damaged
     */
    public static SigLip open(Path directory, ModelOptions options) {
        return Model.open(directory, options, SigLip.class);
    }

    @Override
    public Path directory() {
        return engine.directory();
    }

    @Override
    public Architecture architecture() {
        return architecture;
    }

    @Override
    public ModelOptions options() {
        return engine.options();
    }

    public SigLipConfig config() {
        return config;
    }

    @Override
    public Pooling defaultPooling() {
        return images.defaultPooling();
    }

    @Override
    public List<Matrix> embedImages(List<Image> pictures, Pooling pooling) {
        return images.embed(pictures, pooling);
    }

    @Override
    public int droppedTokens(String text) {
        return tokens(text).dropped();
    }

    @Override
    public List<Matrix> embedTexts(List<String> texts) {
        textTower(); // says what is missing before the tokenizer does
        return embedIds(texts.stream().map(one -> tokens(one).ids()).toList());
    }

    private List<Matrix> embedIds(List<int[]> texts) {
        List<Matrix> embeddings = new ArrayList<>();
        for (int from = 0; from < texts.size(); from += TEXTS) {
            List<int[]> pass = texts.subList(from, Math.min(from + TEXTS, texts.size()));
            Matrix vectors = engine.exclusively(() -> {
                Blocks blocks = textTower().blocks(pass);
                Matrix x = textTower().embed(pass);
                Matrix encoded = textTower().encode(engine.compute(), x, blocks, LayerTap.NONE);
                Matrix pooled = textTower().pool(engine.compute(), encoded, blocks);
                engine.checkFinite(pooled, "the embeddings");
                return pooled;
            });
            for (int i = 0; i < pass.size(); i++) {
                embeddings.add(vectors.rows(i, 1));
            }
        }
        return embeddings;
    }

    /**
     * The ids that the text tower is given for a text: canonicalised, closed, cut or filled up to the length it was trained with.
     *
     * @throws PgException if there is no text tower or no tokenizer
     */
    public Padded tokens(String text) {
        return tokenizer().encode(text, textTower().config().maxPositions());
    }

    /**
     * The model's tokenizer.
     *
     * @throws PgException if there is no text tower, the directory has no tokenizer, or one that does not belong to the model
     */
    public Tokenizer tokenizer() {
        return engine.tokenizer(textTower().config().vocabSize());
    }

    /**
     * Readies texts to be compared with pictures.
     *
     * @param texts whole sentences or names of things; at least one
     * @throws PgException if there is no text tower, or the vision tower has no pooling head
     * @throws IllegalArgumentException if there are no texts
     */
    public Classifier classifier(List<String> texts) {
        if (head.isEmpty()) {
            throw new PgException(
                    directory() + ": this vision tower has no pooling head, so texts compare with nothing");
        }
        return new Classifier(this, embedTexts(texts));
    }

    /**
     * How well texts fit a picture, before the sigmoid.
     *
     * @param picture normalised embedding [1 × dim]
     * @param texts normalised embeddings [1 × dim] each
     * @return one logit per text
     */
    float[] logits(Matrix picture, List<Matrix> texts) {
        float[] logits = new float[texts.size()];
        for (int t = 0; t < logits.length; t++) {
            Matrix one = texts.get(t);
            double dot = 0;
            for (int c = 0; c < picture.cols(); c++) {
                dot += (double) picture.get(0, c) * one.get(0, c);
            }
            logits[t] = (float) dot * logitScale + logitBias;
        }
        return logits;
    }

    /**
     * The text tower.
     *
     * @throws PgException if there is none
     */
    TextTower textTower() {
        return text.orElseThrow(() -> new PgException(
                directory() + ": a " + architecture.title() + " has no text tower; it " + architecture.abilities()));
    }

    Engine engine() {
        return engine;
    }

    VisionTower vision() {
        return vision;
    }

    Optional<PoolingHead> head() {
        return head;
    }

    boolean hasText() {
        return text.isPresent();
    }

    ImageProcessor imageProcessor() {
        return imageProcessor;
    }

    @Override
    public SigLip withAdapters(List<Adapter> adapters) {
        Engine other = engine.with(adapters);
        SigLip model = new SigLip(other, architecture);
        other.tensors().checkComplete();
        return model;
    }

    @Override
    public void close() {
        engine.close();
    }
}
