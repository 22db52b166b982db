package dev.pg.model.siglip;

import dev.pg.kernels.Blocks;
import dev.pg.kernels.Matrix;
import dev.pg.model.Compute;
import dev.pg.model.LayerTap;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.VisionConfig;
import dev.pg.model.image.Planes;
import java.util.List;

/**
 * The SigLIP vision tower: pictures to one embedding per patch, after {@code SiglipVisionTransformer} in transformers' {@code
 * modeling_siglip.py}. Several pictures, of one size or of many, go through it packed into one sequence, in which each sees itself
 * only.
 *
 * <p>Holds weights only, so it is immutable and thread-safe; each pass needs a {@link Compute} of its own.
 */
public final class VisionTower {
    private static final String ROOT = "vision_tower.";

    private final VisionConfig config;
    private final PatchEmbedding embedding;
    private final Encoder encoder;

    /**
     * Finds the tower's weights.
     *
     * @throws dev.pg.core.PgException if a tensor is missing or has another shape than the config says
     */
    public VisionTower(VisionConfig config, ModelTensors tensors) {
        this.config = config;
        this.embedding = new PatchEmbedding(config, tensors, ROOT + "embeddings.");
        this.encoder = new Encoder(config.encoder(), tensors, ROOT, "post_layernorm");
    }

    public VisionConfig config() {
        return config;
    }

    /** The room that turns pictures into the input of the first layer. */
    public PatchEmbedding embedding() {
        return embedding;
    }

    /**
     * Embeds one picture of the size that the tower was trained on.
     *
     * @param pixels [channels × imageSize × imageSize], normalised
     * @return [patches × hidden], behind the closing LayerNorm
     */
    public Matrix encode(Compute compute, float[] pixels, LayerTap tap) {
        Planes picture = new Planes(pixels, config.imageSize(), config.imageSize());
        return encode(compute, embedding.flatten(List.of(picture)), tap);
    }

    /**
     * Embeds pictures.
     *
     * @return [patches of all pictures × hidden], behind the closing LayerNorm
     */
    public Matrix encode(Compute compute, Patches patches, LayerTap tap) {
        return encode(compute, embedding.embed(compute, patches), patches.blocks(), tap);
    }

    /**
     * Runs the layers.
     *
     * @param x [patches of all pictures × hidden], the patch embeddings with their positions; overwritten
     * @return [patches of all pictures × hidden], behind the closing LayerNorm
     */
    public Matrix encode(Compute compute, Matrix x, Blocks pictures, LayerTap tap) {
        return encoder.encode(compute, x, pictures.mask(), tap);
    }
}
