package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.kernels.Blocks;
import dev.pg.kernels.Matrix;
import dev.pg.model.Embedder.Pooling;
import dev.pg.model.image.Image;
import dev.pg.model.image.ImageProcessor;
import dev.pg.model.image.Planes;
import dev.pg.model.siglip.Patches;
import dev.pg.model.siglip.PoolingHead;
import dev.pg.model.siglip.VisionTower;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Pictures to vectors by a vision tower, as many of them in one pass as make it worth its while. */
final class ImageEmbedder {
    /** Patches from which on a pass gains nothing from further pictures; one picture may have more. */
    private static final int PASS = 1024;

    private final Engine engine;
    private final VisionTower tower;
    private final Optional<PoolingHead> head;
    private final ImageProcessor processor;

    ImageEmbedder(Engine engine, VisionTower tower, Optional<PoolingHead> head, ImageProcessor processor) {
        this.engine = engine;
        this.tower = tower;
        this.head = head;
        this.processor = processor;
    }

    Pooling defaultPooling() {
        return head.isPresent() ? Pooling.HEAD : Pooling.MEAN;
    }

    /** As {@link Embedder#embedImages}. */
    List<Matrix> embed(List<Image> images, Pooling pooling) {
        if (pooling == Pooling.HEAD && head.isEmpty()) {
            throw new PgException(
                    engine.directory() + ": this vision tower has no pooling head; take the mean instead");
        }
        List<Matrix> embeddings = new ArrayList<>();
        List<Planes> pass = new ArrayList<>();
        long patches = 0;
        for (Image image : images) {
            Planes planes = processor.planes(image);
            int side = tower.config().patchSize();
            long more = (long) (planes.height() / side) * (planes.width() / side);
            if (!pass.isEmpty() && patches + more > PASS) {
                embeddings.addAll(embedPass(pass, pooling));
                pass.clear();
                patches = 0;
            }
            pass.add(planes);
            patches += more;
        }
        if (!pass.isEmpty()) {
            embeddings.addAll(embedPass(pass, pooling));
        }
        return embeddings;
    }

    private List<Matrix> embedPass(List<Planes> pictures, Pooling pooling) {
        return engine.exclusively(() -> {
            Patches patches = tower.embedding().flatten(pictures);
            Blocks blocks = patches.blocks();
            Matrix encoded = tower.encode(engine.compute(), patches, LayerTap.NONE);
            Matrix vectors = switch (pooling) {
                case HEAD -> head.orElseThrow().pool(engine.compute(), encoded, blocks);
                case MEAN -> means(encoded, blocks);
                case NONE -> encoded;
            };
            engine.checkFinite(vectors, "the embeddings");
            List<Matrix> each = new ArrayList<>();
            for (int i = 0; i < blocks.count(); i++) {
                each.add(
                        pooling == Pooling.NONE ? vectors.rows(blocks.start(i), blocks.length(i)) : vectors.rows(i, 1));
            }
            return each;
        });
    }

    private static Matrix means(Matrix encoded, Blocks blocks) {
        Matrix out = new Matrix(blocks.count(), encoded.cols());
        for (int i = 0; i < blocks.count(); i++) {
            int to = out.at(i);
            for (int r = 0; r < blocks.length(i); r++) {
                int from = encoded.at(blocks.start(i) + r);
                for (int c = 0; c < encoded.cols(); c++) {
                    out.data()[to + c] += encoded.data()[from + c];
                }
            }
            for (int c = 0; c < encoded.cols(); c++) {
                out.data()[to + c] /= blocks.length(i);
            }
        }
        return out;
    }
}
