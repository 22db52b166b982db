package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.kernels.Blocks;
import dev.pg.kernels.Matrix;
import dev.pg.model.image.ImageProcessor;
import dev.pg.model.image.Planes;
import dev.pg.model.siglip.Grid;
import dev.pg.model.siglip.Patches;
import dev.pg.model.siglip.VisionTower;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The stages of a vision tower, for {@link Trace}. Patches of NaFlex pictures are filled up with zeros to a common number, as the
 * reference's processor does.
 */
final class VisionTrace {
    private static final long MAX_PIXELS = 1 << 28;

    private final VisionTower tower;
    private final ImageProcessor processor;
    private final String prefix;
    private final List<Tensor> out;
    private int most; // rows of a picture in the tensors, padding included

    /**
     * @param prefix what the names of the stages begin with
     * @param out takes the tensors
     */
    VisionTrace(VisionTower tower, ImageProcessor processor, String prefix, List<Tensor> out) {
        this.tower = tower;
        this.processor = processor;
        this.prefix = prefix;
        this.out = out;
    }

    /** The patches of the pixels given, or of the pictures given, or nothing. */
    Optional<Patches> patches(TraceInput input) {
        if (input.pixels().isEmpty() && input.images().isEmpty()) {
            return Optional.empty();
        }
        if (tower.config().naFlex()) {
            return Optional.of(naFlexPatches(input));
        }
        List<Planes> pictures = input.pixels()
                .map(VisionTrace::planes)
                .orElseGet(() -> input.images().stream().map(processor::planes).toList());
        Planes first = pictures.getFirst();
        int length = first.values().length;
        float[] all = new float[Math.multiplyExact(pictures.size(), length)];
        for (int i = 0; i < pictures.size(); i++) {
            System.arraycopy(pictures.get(i).values(), 0, all, i * length, length);
        }
        out.add(Tensor.ofFloats("pixel_values", all, pictures.size(), 3, first.height(), first.width()));
        Patches patches = tower.embedding().flatten(pictures);
        most = patches.blocks().length(0);
        return Optional.of(patches);
    }

    private static List<Planes> planes(Tensor pixels) {
        if (pixels.rank() != 4 || pixels.dim(1) != 3 || pixels.dim(0) < 1 || pixels.elements() > MAX_PIXELS) {
            throw new PgException(pixels + ": pixels must be [pictures, 3, height, width]");
        }
        float[] values = pixels.toFloats();
        int length = values.length / (int) pixels.dim(0);
        List<Planes> pictures = new ArrayList<>();
        for (int at = 0; at < values.length; at += length) {
            float[] one = Arrays.copyOfRange(values, at, at + length);
            pictures.add(new Planes(one, (int) pixels.dim(2), (int) pixels.dim(3)));
        }
        return pictures;
    }

    private Patches naFlexPatches(TraceInput input) {
        Patches patches = input.pixels()
                .map(pixels -> naFlexPatches(pixels, input.spatialShapes()))
                .orElseGet(() -> tower.embedding()
                        .flatten(input.images().stream().map(processor::planes).toList()));
        most = input.pixels()
                .map(pixels -> (int) pixels.dim(1))
                .or(processor::maxPatches)
                .orElseThrow();
        int pictures = patches.grids().size();
        add("pixel_values", patches.values(), patches.blocks());
        long[] mask = new long[pictures * most];
        long[] shapes = new long[pictures * 2];
        for (int i = 0; i < pictures; i++) {
            Grid grid = patches.grids().get(i);
            Arrays.fill(mask, i * most, i * most + grid.patches(), 1);
            shapes[2 * i] = grid.down();
            shapes[2 * i + 1] = grid.across();
        }
        out.add(Tensor.ofLongs("pixel_attention_mask", mask, pictures, most));
        out.add(Tensor.ofLongs("spatial_shapes", shapes, pictures, 2));
        return patches;
    }

    private Patches naFlexPatches(Tensor pixels, Optional<Tensor> spatialShapes) {
        int length = tower.config().patchLength();
        if (pixels.rank() != 3 || pixels.dim(2) != length || pixels.dim(0) < 1 || pixels.elements() > MAX_PIXELS) {
            throw new PgException(pixels + ": pixels must be [pictures, most patches, " + length + "]");
        }
        Tensor shapes = spatialShapes.orElseThrow(
                () -> new PgException("NaFlex pixels need a tensor spatial_shapes beside them"));
        if (!Arrays.equals(shapes.shape(), new long[] {pixels.dim(0), 2})) {
            throw new PgException(shapes + ": expected [" + pixels.dim(0) + ", 2], rows and columns of patches");
        }
        long rows = pixels.dim(1);
        float[] values = pixels.toFloats();
        long[] sides = shapes.toLongs();
        List<Grid> grids = new ArrayList<>();
        Matrix packed = new Matrix(0, length);
        for (int i = 0; i < pixels.dim(0); i++) {
            long down = sides[2 * i];
            long across = sides[2 * i + 1];
            if (down < 1 || across < 1 || down > rows || across > rows || down * across > rows) {
                throw new PgException(shapes + ": " + down + " x " + across + " patches are not 1 to " + rows);
            }
            Grid grid = new Grid((int) down, (int) across);
            int row = packed.rows();
            packed.reshape(row + grid.patches());
            for (int r = 0; r < grid.patches(); r++) {
                int from = (int) (i * rows + r) * length;
                System.arraycopy(values, from, packed.data(), packed.at(row + r), length);
            }
            grids.add(grid);
        }
        return new Patches(packed, grids);
    }

    /**
     * Traces the tower.
     *
     * @param patches what {@link #patches} returned
     * @return the tower's output [patches of all pictures × hidden]
     */
    Matrix trace(Compute compute, Patches patches) {
        Blocks blocks = patches.blocks();
        Matrix x = tower.embedding().project(compute, patches);
        add(prefix + "patch_embeddings", x, blocks);
        tower.embedding().addPositions(compute, x, patches.grids());
        add(prefix + "embeddings", x, blocks);
        Matrix encoded = tower.encode(compute, x, blocks, (layer, h) -> add(prefix + "layers." + layer, h, blocks));
        add(prefix + "last_hidden_state", encoded, blocks);
        return encoded;
    }

    private void add(String name, Matrix values, Blocks blocks) {
        float[] all = new float[Math.multiplyExact(Math.multiplyExact(blocks.count(), most), values.cols())];
        for (int i = 0; i < blocks.count(); i++) {
            float[] rows = values.rows(blocks.start(i), blocks.length(i)).toArray();
            System.arraycopy(rows, 0, all, i * most * values.cols(), rows.length);
        }
        out.add(Tensor.ofFloats(name, all, blocks.count(), most, values.cols()));
    }
}
