package dev.pg.model.vision;

import dev.pg.core.PgException;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Residual;
import dev.pg.model.Compute;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.VisionConfig;

/**
 * Pixels to patch embeddings with positions: the convolution of {@code SiglipVisionEmbeddings}, whose kernel is as large as its
 * stride, is one matrix product over flattened patches. Immutable and thread-safe.
 */
public final class PatchEmbedding {
    private final VisionConfig config;
    private final Linear projection;
    private final Matrix positions; // [patches × hidden]

    PatchEmbedding(VisionConfig config, ModelTensors tensors, String at) {
        this.config = config;
        int hidden = config.hiddenSize();
        int patch = config.patchSize();
        this.projection = tensors.convolution(at + "patch_embedding", hidden, config.channels(), patch, patch);
        this.positions = tensors.matrix(at + "position_embedding.weight", config.patches(), hidden);
    }

    /**
     * The convolution and the position of each patch.
     *
     * @param pixels [channels × height × width]
     * @param height a multiple of nothing in particular: an incomplete last row of patches is dropped
     * @param width likewise
     * @return [patches × hidden], patches row by row
     * @throws PgException if the picture is smaller than a patch
     */
    public Matrix embed(Compute compute, float[] pixels, int height, int width) {
        Matrix x = convolve(compute, pixels, height, width);
        addPositions(compute, x, height / config.patchSize(), width / config.patchSize());
        return x;
    }

    /** The convolution alone: [patches × hidden]. */
    public Matrix convolve(Compute compute, float[] pixels, int height, int width) {
        int patch = config.patchSize();
        if (height < patch || width < patch || pixels.length != (long) config.channels() * height * width) {
            throw new PgException("pixel_values of " + pixels.length + " floats are not " + config.channels() + " x "
                    + height + " x " + width + " with at least " + patch + " pixels a side");
        }
        int down = height / patch;
        int across = width / patch;
        Matrix patches = new Matrix(down * across, config.patchLength());
        for (int r = 0; r < patches.rows(); r++) {
            int to = patches.at(r);
            for (int c = 0; c < config.channels(); c++) {
                for (int y = 0; y < patch; y++) {
                    int from = (c * height + r / across * patch + y) * width + r % across * patch;
                    System.arraycopy(pixels, from, patches.data(), to, patch);
                    to += patch;
                }
            }
        }
        Matrix x = new Matrix(patches.rows(), config.hiddenSize());
        compute.matMul().multiply(patches, projection, x);
        return x;
    }

    /** Adds to each row of {@code x} the embedding of its place; a grid of another size gets an interpolated one. */
    public void addPositions(Compute compute, Matrix x, int down, int across) {
        boolean trained = down == config.grid() && across == config.grid();
        Residual.add(
                compute.workers(),
                x,
                trained ? positions : PositionGrid.resize(positions, config.grid(), down, across));
    }
}
