package dev.pg.model.siglip;

import dev.pg.core.PgException;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Weights;
import dev.pg.model.Compute;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.VisionConfig;
import dev.pg.model.image.Planes;
import java.util.ArrayList;
import java.util.List;

/**
 * Pictures to patch embeddings with positions: the convolution of {@code SiglipVisionEmbeddings}, whose kernel is as large as its
 * stride, is one matrix product over flattened patches; {@code Siglip2VisionEmbeddings} has that product itself, over patches
 * flattened in another order. Immutable and thread-safe.
 */
public final class PatchEmbedding {
    private final VisionConfig config;
    private final Linear projection;
    private final PositionGrid positions;

    PatchEmbedding(VisionConfig config, ModelTensors tensors, String at) {
        this.config = config;
        int hidden = config.hiddenSize();
        int patch = config.patchSize();
        this.projection = config.naFlex()
                ? tensors.convolution(at + "patch_embedding", hidden, config.patchLength())
                : tensors.convolution(at + "patch_embedding", hidden, config.channels(), patch, patch);
        this.positions = new PositionGrid(
                Weights.of(tensors.tensor(at + "position_embedding.weight", config.patches(), hidden)),
                config.grid(),
                config.naFlex());
    }

    /**
     * Cuts pictures into patches and flattens each: by (channel, row, column), or by (row, column, channel) for NaFlex. What is
     * left over at the right and bottom is dropped.
     *
     * @throws PgException if a picture is smaller than a patch
     */
    public Patches flatten(List<Planes> pictures) {
        List<Grid> grids = new ArrayList<>();
        int total = 0;
        for (Planes picture : pictures) {
            Grid grid = new Grid(picture.height() / config.patchSize(), picture.width() / config.patchSize());
            if (grid.patches() == 0) {
                throw new PgException("a picture of " + picture.width() + " x " + picture.height()
                        + " pixels is smaller than a patch of " + config.patchSize());
            }
            grids.add(grid);
            total = Math.addExact(total, grid.patches());
        }
        Matrix values = new Matrix(total, config.patchLength());
        int row = 0;
        for (int i = 0; i < grids.size(); i++) {
            Matrix rows = values.rows(row, grids.get(i).patches());
            if (config.naFlex()) {
                channelsLast(pictures.get(i), grids.get(i), rows);
            } else {
                channelsFirst(pictures.get(i), grids.get(i), rows);
            }
            row += grids.get(i).patches();
        }
        return new Patches(values, grids);
    }

    private void channelsFirst(Planes picture, Grid grid, Matrix rows) {
        int patch = config.patchSize();
        for (int r = 0; r < rows.rows(); r++) {
            int to = rows.at(r);
            for (int c = 0; c < config.channels(); c++) {
                for (int y = 0; y < patch; y++) {
                    System.arraycopy(picture.values(), pixel(picture, grid, r, c, y), rows.data(), to, patch);
                    to += patch;
                }
            }
        }
    }

    private void channelsLast(Planes picture, Grid grid, Matrix rows) {
        int patch = config.patchSize();
        int channels = config.channels();
        for (int r = 0; r < rows.rows(); r++) {
            for (int c = 0; c < channels; c++) {
                for (int y = 0; y < patch; y++) {
                    int from = pixel(picture, grid, r, c, y);
                    int to = rows.at(r) + y * patch * channels + c;
                    for (int x = 0; x < patch; x++) {
                        rows.data()[to + x * channels] = picture.values()[from + x];
                    }
                }
            }
        }
    }

    /** Index of the first pixel of row {@code y} of patch {@code r} in plane {@code c}. */
    private int pixel(Planes picture, Grid grid, int r, int c, int y) {
        int row = r / grid.across() * config.patchSize() + y;
        return (c * picture.height() + row) * picture.width() + r % grid.across() * config.patchSize();
    }

    /**
     * The projection and the position of each patch.
     *
     * @return [patches × hidden]
     */
    public Matrix embed(Compute compute, Patches patches) {
        Matrix x = project(compute, patches);
        addPositions(compute, x, patches.grids());
        return x;
    }

    /** The projection alone: [patches × hidden]. */
    public Matrix project(Compute compute, Patches patches) {
        Matrix x = new Matrix(patches.values().rows(), config.hiddenSize());
        compute.matMul().multiply(patches.values(), projection, x);
        return x;
    }

    /** Adds to each row of {@code x} the embedding of its place; a grid of another size gets an interpolated one. */
    public void addPositions(Compute compute, Matrix x, List<Grid> grids) {
        int row = 0;
        for (Grid grid : grids) {
            positions.addTo(compute.workers(), x.rows(row, grid.patches()), grid);
            row += grid.patches();
        }
    }
}
