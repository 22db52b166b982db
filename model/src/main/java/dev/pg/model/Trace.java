package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.kernels.Mask;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.SoftCap;
import dev.pg.kernels.Softmax;
import dev.pg.model.config.TextConfig;
import dev.pg.model.config.VisionConfig;
import dev.pg.model.image.ImageProcessor;
import dev.pg.model.text.Gemma;
import dev.pg.model.text.GemmaDecoder;
import dev.pg.model.text.Prompt;
import dev.pg.model.text.Sequence;
import dev.pg.model.vision.SigLip;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The named intermediate tensors of one forward pass, for comparing with the reference implementation tensor by tensor. Names and
 * shapes are those of {@code testdata/golden/README.md}; everything is float32 except ids (int64) and masks (uint8).
 */
public final class Trace {
    /** Logits of all positions must fit one Java array. */
    private static final long MAX_LOGITS = 1L << 30;

    private final List<Tensor> tensors = new ArrayList<>();

    private Trace() {}

    /**
     * Runs {@code input} through {@code model}.
     *
     * @throws PgException if the input does not fit the model
     */
    public static List<Tensor> run(Model model, TraceInput input) {
        Trace trace = new Trace();
        switch (model) {
            case PaliGemma m -> m.engine().exclusively(() -> trace.paliGemma(m, input));
            case TextModel m -> m.engine().exclusively(() -> trace.text(m, input));
            case VisionModel m -> m.engine().exclusively(() -> trace.vision(m, input));
        }
        return trace.tensors;
    }

    private Trace paliGemma(PaliGemma m, TraceInput input) {
        int hidden = m.config().text().hiddenSize();
        Matrix features = new Matrix(0, hidden);
        Optional<Tensor> pixels = pixels(input, m.imageProcessor());
        if (pixels.isPresent()) {
            VisionConfig config = m.config().vision();
            if (pixels.get().dim(2) != config.imageSize() || pixels.get().dim(3) != config.imageSize()) {
                throw new PgException(pixels.get() + ": the model sees " + config.imageSize() + " x "
                        + config.imageSize() + " pixels");
            }
            Matrix encoded = tower(m.vision(), m.engine().compute(), pixels.get(), "vision.");
            int pictures = (int) pixels.get().dim(0);
            features.reshape(encoded.rows());
            m.engine().compute().matMul().multiply(encoded, m.projector(), features);
            add("image_features", features, pictures, config.patches(), hidden);
        }
        int pictures = features.rows() / m.config().vision().patches();
        int[] ids = m.promptIds(input.prompt(), input.ids(), pictures);
        int[] suffix = input.suffix().map(s -> withEnd(m, s)).orElse(new int[0]);
        int[] all = Arrays.copyOf(ids, ids.length + suffix.length);
        System.arraycopy(suffix, 0, all, ids.length, suffix.length);
        Prompt prompt = m.prompt(all, features).withPrefix(ids.length);
        m.completions().check(prompt);
        Matrix logits = decoder(m.text(), m.engine().compute(), prompt, "merged_embeddings", 0);
        TextConfig config = m.config().text();
        float[] last = logits.rows(logits.rows() - 1, 1).toArray();
        add(Tensor.ofFloats("last_logits", last, 1, config.vocabSize()));
        if (config.finalSoftCap() > 0) {
            SoftCap.apply(last, 0, last.length, config.finalSoftCap());
            add(Tensor.ofFloats("last_logits_softcapped", last, 1, config.vocabSize()));
        }
        Sequence sequence = prompt.sequence(m.text(), 0);
        add(mask("mask.full", sequence.fullMask(), all.length));
        add(mask("mask.sliding", sequence.slidingMask(), all.length));
        if (suffix.length > 0) {
            add(Tensor.ofFloats("loss", new float[] {loss(logits, suffix)}, 1));
        }
        return this;
    }

    private static int[] withEnd(PaliGemma m, String suffix) {
        int[] ids = m.tokenizer().encode(suffix);
        int[] out = Arrays.copyOf(ids, ids.length + 1);
        out[ids.length] = m.tokenizer().eosId();
        return out;
    }

    /** Mean cross entropy of the suffix, each token predicted from the position before it. Destroys those rows. */
    private static float loss(Matrix logits, int[] suffix) {
        double sum = 0;
        for (int i = 0; i < suffix.length; i++) {
            int at = logits.at(logits.rows() - suffix.length - 1 + i);
            Softmax.log(logits.data(), at, logits.cols());
            sum -= logits.data()[at + suffix[i]];
        }
        return (float) (sum / suffix.length);
    }

    private Trace text(TextModel m, TraceInput input) {
        if (!input.images().isEmpty()
                || input.pixels().isPresent()
                || input.suffix().isPresent()) {
            throw new PgException(
                    m.directory() + ": a text-only model takes ids or a prompt, no pictures and no suffix");
        }
        Request request = new Request(List.of(), input.prompt(), input.ids());
        Prompt prompt = Prompt.ofText(m.promptIds(request));
        m.completions().check(prompt);
        decoder(m.gemma(), m.engine().compute(), prompt, "embeddings", m.softCap());
        return this;
    }

    /** Traces the decoder and returns the logits of every position. */
    private Matrix decoder(Gemma gemma, Compute compute, Prompt prompt, String embeddings, float softCap) {
        int n = prompt.ids().length;
        int hidden = gemma.config().hiddenSize();
        int vocab = gemma.config().vocabSize();
        if ((long) n * vocab > MAX_LOGITS) {
            throw new PgException("a trace of " + n + " positions x " + vocab
                    + " logits is too large; trace fewer pictures or a shorter prompt");
        }
        add(Tensor.ofLongs(
                "input_ids", Arrays.stream(prompt.ids()).asLongStream().toArray(), 1, n));
        GemmaDecoder decoder = new GemmaDecoder(gemma, compute);
        Matrix x = decoder.input(1, n);
        prompt.embed(gemma, x);
        add(embeddings, x, 1, n, hidden);
        Sequence[] sequences = {prompt.sequence(gemma, 0)};
        Matrix out = decoder.forward(sequences, (layer, h) -> add("layers." + layer, h, 1, n, hidden));
        Matrix normed = new Matrix(n, hidden);
        decoder.finalNorm(out, normed);
        add("last_hidden_state", normed, 1, n, hidden);
        Matrix logits = new Matrix(n, vocab);
        decoder.logits(normed, softCap, logits);
        add("logits", logits, 1, n, vocab);
        return logits;
    }

    private Trace vision(VisionModel m, TraceInput input) {
        if (input.prompt().isPresent()
                || input.ids().isPresent()
                || input.suffix().isPresent()) {
            throw new PgException(
                    m.directory() + ": a vision tower takes pictures or pixels, no prompt, ids or suffix");
        }
        Tensor pixels = pixels(input, m.imageProcessor())
                .orElseThrow(() -> new PgException(m.directory() + ": give a picture or pixels to trace"));
        Compute compute = m.engine().compute();
        Matrix encoded = tower(m.tower(), compute, pixels, "");
        m.head().ifPresent(head -> {
            int pictures = (int) pixels.dim(0);
            int patches = encoded.rows() / pictures;
            Matrix pooled = new Matrix(pictures, encoded.cols());
            for (int i = 0; i < pictures; i++) {
                Matrix one = head.pool(compute, encoded.rows(i * patches, patches));
                System.arraycopy(one.data(), one.at(0), pooled.data(), pooled.at(i), pooled.cols());
            }
            add("pooler_output", pooled, pictures, encoded.cols());
        });
        return this;
    }

    /** Traces the vision tower for each picture and returns the patches of all of them. */
    private Matrix tower(SigLip tower, Compute compute, Tensor pixels, String prefix) {
        VisionConfig config = tower.config();
        int pictures = (int) pixels.dim(0);
        int height = (int) pixels.dim(2);
        int width = (int) pixels.dim(3);
        int patches = height / config.patchSize() * (width / config.patchSize());
        int hidden = config.hiddenSize();
        float[] values = pixels.toFloats();
        Matrix convolved = new Matrix(pictures * patches, hidden);
        Matrix embedded = new Matrix(pictures * patches, hidden);
        Matrix encoded = new Matrix(pictures * patches, hidden);
        Matrix[] layers = new Matrix[config.layers()];
        Arrays.setAll(layers, i -> new Matrix(pictures * patches, hidden));
        for (int i = 0; i < pictures; i++) {
            int row = i * patches;
            int length = values.length / pictures;
            float[] picture = Arrays.copyOfRange(values, i * length, (i + 1) * length);
            Matrix x = tower.embedding().convolve(compute, picture, height, width);
            copy(x, convolved, row);
            tower.embedding().addPositions(compute, x, height / config.patchSize(), width / config.patchSize());
            copy(x, embedded, row);
            copy(tower.encode(compute, x, (layer, h) -> copy(h, layers[layer], row)), encoded, row);
        }
        add(prefix + "patch_embeddings", convolved, pictures, patches, hidden);
        add(prefix + "embeddings", embedded, pictures, patches, hidden);
        for (int i = 0; i < layers.length; i++) {
            add(prefix + "layers." + i, layers[i], pictures, patches, hidden);
        }
        add(prefix + "last_hidden_state", encoded, pictures, patches, hidden);
        return encoded;
    }

    private static void copy(Matrix from, Matrix to, int row) {
        System.arraycopy(from.data(), from.at(0), to.data(), to.at(row), from.rows() * from.stride());
    }

    /** The pixels given, or those of the pictures given: [pictures × 3 × height × width]. */
    private Optional<Tensor> pixels(TraceInput input, ImageProcessor processor) {
        Optional<Tensor> pixels = input.pixels();
        if (pixels.isEmpty() && !input.images().isEmpty()) {
            int length = 3 * processor.height() * processor.width();
            float[] all = new float[Math.multiplyExact(input.images().size(), length)];
            for (int i = 0; i < input.images().size(); i++) {
                System.arraycopy(processor.pixels(input.images().get(i)), 0, all, i * length, length);
            }
            pixels = Optional.of(Tensor.ofFloats(
                    "pixel_values", all, input.images().size(), 3, processor.height(), processor.width()));
        }
        pixels.ifPresent(tensor -> {
            if (tensor.rank() != 4 || tensor.dim(1) != 3 || tensor.dim(0) < 1 || tensor.elements() > 1 << 28) {
                throw new PgException(tensor + ": pixels must be [pictures, 3, height, width]");
            }
            add(Tensor.ofFloats("pixel_values", tensor.toFloats(), tensor.shape()));
        });
        return pixels;
    }

    private static Tensor mask(String name, Mask mask, int n) {
        byte[] sees = new byte[Math.multiplyExact(n, n)];
        for (int query = 0; query < n; query++) {
            Arrays.fill(sees, query * n + mask.first(query), query * n + Math.min(mask.end(query), n), (byte) 1);
        }
        return Tensor.ofBytes(name, sees, 1, n, n);
    }

    private void add(String name, Matrix values, long... shape) {
        add(Tensor.ofFloats(name, values.toArray(), shape));
    }

    private void add(Tensor tensor) {
        tensors.add(tensor);
    }
}
