package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.kernels.Mask;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.SoftCap;
import dev.pg.kernels.Softmax;
import dev.pg.model.config.TextConfig;
import dev.pg.model.config.VisionConfig;
import dev.pg.model.siglip.Patches;
import dev.pg.model.text.Gemma;
import dev.pg.model.text.GemmaDecoder;
import dev.pg.model.text.Prompt;
import dev.pg.model.text.Sequence;
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
            case ColPali m -> trace.colPali(m, input);
            case TextModel m -> m.engine().exclusively(() -> trace.text(m, input));
            case SigLip m -> m.engine().exclusively(() -> new SigLipTrace(m, trace.tensors).run(input));
        }
        return trace.tensors;
    }

    /** The embeddings alone; what is below them is a PaliGemma's. */
    private void colPali(ColPali m, TraceInput input) {
        Matrix vectors = input.images().isEmpty()
                ? m.embedQuery(input.prompt().orElseThrow(() -> new PgException("give a page or a query to trace")))
                : m.embedPage(input.images().getFirst());
        add("embeddings", vectors, 1, vectors.rows(), vectors.cols());
    }

    private Trace paliGemma(PaliGemma m, TraceInput input) {
        int hidden = m.config().text().hiddenSize();
        Matrix features = new Matrix(0, hidden);
        VisionTrace vision = new VisionTrace(m.vision(), m.imageProcessor(), "vision.", tensors);
        Optional<Patches> patches = vision.patches(input);
        if (patches.isPresent()) {
            VisionConfig config = m.config().vision();
            int pictures = patches.get().grids().size();
            if (patches.get().grids().stream().anyMatch(grid -> grid.patches() != config.patches())) {
                throw new PgException(m.directory() + ": the model sees " + config.imageSize() + " x "
                        + config.imageSize() + " pixels, the pixels to trace have another size");
            }
            Matrix encoded = vision.trace(m.engine().compute(), patches.get());
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
