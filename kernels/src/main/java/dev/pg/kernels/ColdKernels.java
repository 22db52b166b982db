package dev.pg.kernels;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * The vector kernels of a forward pass, each on small operands of its own, for {@link WarmUp} to call. What C2 makes of a kernel depends on what it
 * has seen, and a kernel that then meets something else is thrown away and compiled again. So calls take a kernel's branches as a model's do, tails behind the last whole
 * vector too, and weights lie in memory of the model's kind.
 *
 * <p>Kernels are called one by one, not through the operations that they are part of: each is compiled after as few calls as may be.
 */
final class ColdKernels {
    /**
     * Passes of a kernel's loop in one call. C2 compiles a method after 600 calls with 15,000 calls and passes, and a loop that is running after 40,000 passes:
     * with some thirty the method comes first, as a rule.
     */
    private static final int PASSES = 32;

    private static final int LANES = VectorSupport.LANES;
    private static final int COLS = PASSES * LANES;
    private static final int TAIL = LANES / 2;

    /** Tokens of a picture of 224 pixels. */
    private static final int TOKENS = 256;

    private final Workers alone;
    private final MemorySegment weights;

    // Operands and results of all kernels in turn: what they hold does not matter.
    private final float[] a = new float[Quantization.TILE * PackedGemm.STRIDE];
    private final float[] b = new float[a.length];
    private final float[] c = new float[a.length];
    private final MemorySegment tokens = own(4L * PASSES * LANES * Float.BYTES); // the widest panel of them
    private final Matrix x = new Matrix(1, COLS);
    private final Matrix y = new Matrix(1, COLS);
    private final float[] weight = new float[COLS];
    private final Tile tile = Tile.best();

    /**
     * @param alone one worker
     * @param weights any bytes, which are read as weights of any format; where they are too few, or closed, others are
     */
    ColdKernels(Workers alone, MemorySegment weights) {
        this.alone = alone;
        this.weights = weights;
    }

    /** Those of the image encoder. */
    List<Runnable> encoder() {
        int vectors = TOKENS / LANES;
        int panel = vectors / tile.panels(vectors);
        Weights rows = bf16(Bf16Dots.UNPACKED_TOGETHER, COLS);
        return List.of(
                () -> tile.multiply(panel, PASSES, a, 0, tokens, 0, c, 0, panel * LANES),
                () -> rows.unpack(0, rows.rows(), 0, COLS, c, 0, COLS),
                () -> LayerNorm.apply(alone, x, weight, weight, 1, y),
                () -> {
                    OuterProduct.tile(PASSES, a, 0, b, 0, c, 0, false);
                    OuterProduct.tile(PASSES, a, 0, b, 0, c, 0, true);
                },
                () -> {
                    OuterProduct.transposedTile(PASSES, a, 0, b, 0, c, 0, false);
                    OuterProduct.transposedTile(PASSES, a, 0, b, 0, c, 0, true);
                },
                () -> FlashBlock.raise(a, PASSES, b, 0, c),
                () -> FlashBlock.exponentials(a, PASSES, b, 0, c, 0),
                () -> FlashBlock.rescale(a, 0, PASSES, b),
                () -> Quads.interleave(a, 0, 0, 0, 0, COLS - TAIL, b, 0),
                () -> Quads.separate(a, 0, COLS - TAIL, b, 0, 0, 0, 0),
                () -> Gelu.apply(alone, y),
                () -> Residual.add(alone, x, y));
    }

    /** Those of every decoder that the encoder has not. */
    List<Runnable> decoder() {
        Matrix gateUp = new Matrix(1, 2 * COLS);
        Rope rope = new Rope(COLS, 10_000);
        Attention attention = new Attention(alone);
        Matrix keys = new Matrix(PASSES, COLS / 2);
        return List.of(
                () -> FloatDots.add(a, 0, PackedGemm.STRIDE, FewRows.TOGETHER, COLS, b, 0, c, 0),
                () -> tile.multiply(3, PASSES, a, 0, tokens, 0, c, 0, 3 * LANES), // where tokens do not fill the panels
                () -> RmsNorm.apply(alone, x, weight, 1, y),
                () -> rope.apply(alone, x, 1, 0),
                () -> SoftCap.apply(x.data(), 0, COLS - TAIL, 50),
                () -> GeGlu.apply(alone, gateUp, y),
                () -> attention.apply(x, keys, keys, 2, 1, COLS / 2, 1, 50, Mask.FULL, y));
    }

    /** Those of {@link Layout#ROWS}. */
    List<Runnable> rows() {
        return List.of(longToken(), shortToken());
    }

    private Runnable longToken() {
        Weights rows = bf16(FewRows.STREAMS, COLS);
        return () -> Bf16Dots.dots12x1(rows.data, 0, 2L * COLS, COLS, a, 0, b, 0);
    }

    private Runnable shortToken() {
        if (Processor.MANY_STREAMS) {
            Weights rows = bf16(9, COLS); // eight together, and one behind them
            return () -> rows.dots(0, 9, COLS, a, 0, b, c);
        }
        int cols = (6 * PASSES - 5) * LANES; // six vectors a pass, and one behind the last
        Weights row = bf16(1, cols);
        return () -> row.dots(0, 1, cols, a, 0, b, c);
    }

    /** Those of {@link Layout#PANELS}. */
    List<Runnable> panels() {
        // Pairs of panels, a panel by itself, and a vector of the last one.
        int count = (FewPanels.FEW_PANELS + 1) * Bf16Panels.ROWS + LANES;
        Tensor rows = tensor(DType.BF16, own(2L * count * COLS), count, COLS); // packed in place
        Weights packed = Weights.packed(rows, alone);
        Linear w = Linear.of(packed, null);
        Matrix out = new Matrix(1, w.rows());
        FewPanels panels = new FewPanels(alone);
        return List.of(
                () -> packed.unpack(0, LANES, 0, COLS, c, 0, COLS),
                () -> panels.multiply(x, w, out),
                longToken(), // what does not fit panels stays in rows
                shortToken());
    }

    /** Those of {@link Layout#of} a format. */
    List<Runnable> quantized(Quantization format) {
        int cols = PASSES * Quantization.GROUP;
        int count = 4 * Quantization.TILE; // one worker takes two tiles together, and one by one what is left
        MemorySegment data = some(4L * PASSES * format.groupBytes());
        Tensor packed = new Tensor("", DType.U8, format.packedShape(count, cols), data);
        float[] levels = new float[Quantization.LEVELS];
        Arrays.fill(levels, 1);
        Weights rows = QuantizedWeights.of("", count, cols, format, packed, levels);
        Linear w = Linear.of(rows, null);
        Matrix token = new Matrix(1, cols);
        Matrix out = new Matrix(1, w.rows());
        FewTiles tiles = new FewTiles(alone);
        return List.of(
                () -> rows.unpack(0, Quantization.TILE, 0, cols, c, 0, PackedGemm.STRIDE),
                () -> tiles.multiply(token, w, out));
    }

    private Weights bf16(int rows, int cols) {
        return Weights.of(tensor(DType.BF16, some(2L * rows * cols), rows, cols));
    }

    private static Tensor tensor(DType type, MemorySegment data, long... shape) {
        return new Tensor("", type, shape, data);
    }

    private MemorySegment some(long bytes) {
        return weights.byteSize() >= bytes && weights.scope().isAlive() ? weights.asSlice(0, bytes) : own(bytes);
    }

    private static MemorySegment own(long bytes) {
        return Arena.ofAuto().allocate(bytes, VectorSupport.CACHE_LINE);
    }
}
