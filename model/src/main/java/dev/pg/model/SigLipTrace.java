package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.kernels.Blocks;
import dev.pg.kernels.Matrix;
import dev.pg.model.siglip.TextTower;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The stages of a SigLIP, for {@link Trace}: either tower or both, and how they compare if both have something to see. */
final class SigLipTrace {
    private final SigLip model;
    private final List<Tensor> out;

    SigLipTrace(SigLip model, List<Tensor> out) {
        this.model = model;
        this.out = out;
    }

    /** Adds the tensors; only while the model is held. */
    List<Tensor> run(TraceInput input) {
        boolean words = !input.texts().isEmpty() || input.ids().isPresent();
        if (input.suffix().isPresent()) {
            throw new PgException(model.directory() + ": a SigLIP takes pictures and texts, no suffix");
        }
        Optional<Matrix> images = vision(input);
        Optional<Matrix> texts = words ? Optional.of(text(input)) : Optional.empty();
        if (images.isEmpty() && texts.isEmpty()) {
            throw new PgException(model.directory() + ": give a picture, pixels or a text to trace");
        }
        if (images.isPresent() && texts.isPresent() && model.head().isPresent()) {
            compare(images.get(), texts.get());
        }
        return out;
    }

    /** The pooled pictures, or the patches if there is no head. */
    private Optional<Matrix> vision(TraceInput input) {
        // A tower by itself has the names of its own model class in the reference.
        String prefix = model.hasText() ? "vision." : "";
        VisionTrace trace = new VisionTrace(model.vision(), model.imageProcessor(), prefix, out);
        return trace.patches(input).map(patches -> {
            Compute compute = model.engine().compute();
            Matrix encoded = trace.trace(compute, patches);
            return model.head()
                    .map(head -> {
                        Matrix pooled = head.pool(compute, encoded, patches.blocks());
                        add(prefix + "pooler_output", pooled);
                        if (model.hasText()) {
                            Embedder.normalize(pooled);
                            add("image_embeds", pooled);
                        }
                        return pooled;
                    })
                    .orElse(encoded);
        });
    }

    private Matrix text(TraceInput input) {
        TextTower tower = model.textTower();
        Compute compute = model.engine().compute();
        List<int[]> ids = input.ids()
                .map(List::of)
                .orElseGet(() -> input.texts().stream()
                        .map(text -> model.tokens(text).ids())
                        .toList());
        int length = ids.getFirst().length;
        int hidden = tower.config().encoder().hiddenSize();
        Blocks blocks = tower.blocks(ids);
        long[] all = ids.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
        out.add(Tensor.ofLongs("input_ids", all, ids.size(), length));
        Matrix x = tower.embed(ids);
        add("text.embeddings", x, ids.size(), length, hidden);
        Matrix encoded = tower.encode(
                compute, x, blocks, (layer, h) -> add("text.layers." + layer, h, ids.size(), length, hidden));
        add("text.last_hidden_state", encoded, ids.size(), length, hidden);
        Matrix pooled = tower.pool(compute, encoded, blocks);
        add("text.pooler_output", pooled);
        Embedder.normalize(pooled);
        add("text_embeds", pooled);
        return pooled;
    }

    private void compare(Matrix images, Matrix texts) {
        List<Matrix> each =
                IntStream.range(0, texts.rows()).mapToObj(i -> texts.rows(i, 1)).toList();
        Matrix logits = new Matrix(images.rows(), texts.rows());
        Matrix probabilities = new Matrix(images.rows(), texts.rows());
        for (int i = 0; i < images.rows(); i++) {
            float[] row = model.logits(images.rows(i, 1), each);
            System.arraycopy(row, 0, logits.data(), logits.at(i), row.length);
            System.arraycopy(Classifier.sigmoid(row), 0, probabilities.data(), probabilities.at(i), row.length);
        }
        add("logits_per_image", logits);
        add("probabilities", probabilities);
    }

    private void add(String name, Matrix values) {
        add(name, values, values.rows(), values.cols());
    }

    private void add(String name, Matrix values, long... shape) {
        out.add(Tensor.ofFloats(name, values.toArray(), shape));
    }
}
