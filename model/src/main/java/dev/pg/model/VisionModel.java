package dev.pg.model;

import dev.pg.kernels.Matrix;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.config.VisionConfig;
import dev.pg.model.image.Image;
import dev.pg.model.image.ImageProcessor;
import dev.pg.model.vision.PoolingHead;
import dev.pg.model.vision.SigLip;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A SigLIP vision tower by itself. Thread-safe as {@link Model} says. */
public final class VisionModel implements Model {
    private final Engine engine;
    private final SigLip tower;
    private final Optional<PoolingHead> head;
    private final ImageProcessor imageProcessor;

    VisionModel(Engine engine) {
        this.engine = engine;
        VisionConfig config = VisionConfig.read(engine.config());
        this.tower = new SigLip(config, engine.tensors());
        this.head = PoolingHead.isIn(engine.tensors())
                ? Optional.of(new PoolingHead(config, engine.tensors()))
                : Optional.empty();
        this.imageProcessor = engine.imageProcessor(config);
    }

    @Override
    public Path directory() {
        return engine.directory();
    }

    @Override
    public ModelOptions options() {
        return engine.options();
    }

    public VisionConfig config() {
        return tower.config();
    }

    Engine engine() {
        return engine;
    }

    SigLip tower() {
        return tower;
    }

    Optional<PoolingHead> head() {
        return head;
    }

    ImageProcessor imageProcessor() {
        return imageProcessor;
    }

    /** The picture's patch embeddings, behind the closing LayerNorm: [patches × hidden]. */
    public Matrix patches(Image image) {
        float[] pixels = imageProcessor.pixels(image);
        return engine.exclusively(() -> tower.encode(engine.compute(), pixels, LayerTap.NONE));
    }

    @Override
    public VisionModel withAdapters(List<Adapter> adapters) {
        Engine other = engine.with(adapters);
        VisionModel model = new VisionModel(other);
        other.tensors().checkAdapters();
        return model;
    }

    @Override
    public void close() {
        engine.close();
    }
}
