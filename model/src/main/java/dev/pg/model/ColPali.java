package dev.pg.model;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.MaxSim;
import dev.pg.kernels.PageVectors;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.config.Architecture;
import dev.pg.model.config.ConfigNode;
import dev.pg.model.config.PaliGemmaConfig;
import dev.pg.model.image.Image;
import dev.pg.model.text.GemmaDecoder;
import dev.pg.model.text.Prompt;
import dev.pg.model.text.Sequence;
import dev.pg.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * ColPali (arXiv 2407.01449): finds pages of documents by what they look like. It is a PaliGemma whose last hidden states pass through a
 * linear layer, so that a page and a query become one vector of length 1 for each of their tokens; {@link #maxSim} compares these.
 *
 * <p>Both layouts are read: the merged checkpoints of transformers, and those of colpali-engine, which are a base and a LoRA adapter.
 * Thread-safe as {@link Model} says.
 */
public final class ColPali implements Embedder {
    private static final String PROJECTION = "embedding_proj_layer";
    private static final String PAGE_PROMPT = "Describe the image.";
    private static final String QUERY_PREFIX = "Question: ";

    /** Padding tokens behind a query, which the model learned to use as further words. */
    private static final int QUERY_PADDING = 10;

    private final Engine engine;
    private final PaliGemma paliGemma;
    private final Linear projection;
    private final GemmaDecoder decoder;
    private final MaxSim maxSim;

    ColPali(Engine engine) {
        this.engine = engine;
        ConfigNode config = engine.config();
        boolean nested = config.has("vlm_config");
        this.paliGemma = new PaliGemma(engine, PaliGemmaConfig.read(nested ? config.object("vlm_config") : config));
        ModelTensors tensors = engine.tensors();
        int hidden = paliGemma.config().text().hiddenSize();
        // colpali-engine does not write the width of an embedding down.
        int dim = config.size("embedding_dim", tensors.rows(PROJECTION + ".weight"));
        this.projection = tensors.linear(PROJECTION, dim, hidden);
        this.decoder = new GemmaDecoder(paliGemma.text(), engine.compute());
        this.maxSim = new MaxSim(engine.compute().workers());
    }

    /**
     * Opens a checkpoint directory.
     *
     * @throws PgException if it is not a ColPali, incomplete or damaged
     */
    public static ColPali open(Path directory, ModelOptions options) {
        return Model.open(directory, options, ColPali.class);
    }

    /** Components of an embedding. */
    public int dim() {
        return projection.rows();
    }

    /** A page: [tokens × dim], rows of length 1; the first ones belong to the patches of the picture, row by row. */
    public Matrix embedPage(Image page) {
        return engine.exclusively(() -> embed(paliGemma.prepare(Request.of(PAGE_PROMPT, page))));
    }

    /**
     * A query: [tokens × dim], rows of length 1.
     *
     * @throws PgException if it is longer than the model's context
     */
    public Matrix embedQuery(String query) {
        int[] ids = queryIds(query);
        Matrix noPicture = new Matrix(0, paliGemma.config().text().hiddenSize());
        return engine.exclusively(() -> embed(paliGemma.prompt(ids, noPicture)));
    }

    /** Begin of sequence, the question, the padding, and the line break that ends every prompt. */
    private int[] queryIds(String query) {
        Tokenizer tokenizer = paliGemma.tokenizer();
        if (tokenizer.padId() < 0) {
            throw new PgException(directory() + ": the tokenizer has no padding token, which ends a query; copy the"
                    + " tokenizer files of the checkpoint here");
        }
        int[] padding = new int[QUERY_PADDING];
        Arrays.fill(padding, tokenizer.padId());
        int[][] parts = {{tokenizer.bosId()}, tokenizer.encode(QUERY_PREFIX + query), padding, tokenizer.encode("\n")};
        return Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
    }

    private Matrix embed(Prompt prompt) {
        paliGemma.completions().check(prompt);
        Matrix x = decoder.input(1, prompt.ids().length);
        prompt.embed(paliGemma.text(), x);
        Sequence sequence = prompt.sequence(paliGemma.text(), 0);
        Matrix hidden = decoder.forward(new Sequence[] {sequence}, LayerTap.NONE);
        Matrix normed = new Matrix(hidden.rows(), hidden.cols());
        decoder.finalNorm(hidden, normed);
        Matrix vectors = new Matrix(hidden.rows(), dim());
        engine.compute().matMul().multiply(normed, projection, vectors);
        engine.checkFinite(vectors, "the embeddings");
        Embedder.normalize(vectors);
        return vectors;
    }

    /**
     * Late interaction: the sum, over the vectors of a query, of the largest dot product with a vector of the page.
     *
     * @param query from {@link #embedQuery}
     * @param page from {@link #embedPage}
     */
    public float maxSim(Matrix query, Matrix page) {
        return maxSim(query, List.of(PageVectors.of(page, DType.F32)))[0];
    }

    /**
     * The scores of many pages, in the order of the pages.
     *
     * @param query from {@link #embedQuery}
     * @param pages from {@link #embedPage}, stored in float32, float16 or int8
     */
    public float[] maxSim(Matrix query, List<PageVectors> pages) {
        return engine.exclusively(() -> maxSim.scores(query, pages));
    }

    /** {@link Pooling#NONE}: a vector for each token. */
    @Override
    public Pooling defaultPooling() {
        return Pooling.NONE;
    }

    @Override
    public Pooling textPooling() {
        return Pooling.NONE;
    }

    /** @throws PgException for another pooling than {@link Pooling#NONE} */
    @Override
    public List<Matrix> embedImages(List<Image> images, Pooling pooling) {
        if (pooling != Pooling.NONE) {
            throw new PgException(directory() + ": ColPali makes a vector for each token and no single one of a page");
        }
        return images.stream().map(this::embedPage).toList();
    }

    @Override
    public List<Matrix> embedTexts(List<String> texts) {
        return texts.stream().map(this::embedQuery).toList();
    }

    /** The network below the projection. */
    PaliGemma paliGemma() {
        return paliGemma;
    }

    @Override
    public Path directory() {
        return engine.directory();
    }

    @Override
    public Architecture architecture() {
        return Architecture.COLPALI;
    }

    @Override
    public ModelOptions options() {
        return engine.options();
    }

    @Override
    public ColPali withAdapters(List<Adapter> adapters) {
        Engine other = engine.with(adapters);
        ColPali model = new ColPali(other);
        other.tensors().checkComplete();
        return model;
    }

    @Override
    public void close() {
        engine.close();
    }
}
