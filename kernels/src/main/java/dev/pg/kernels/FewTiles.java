package dev.pg.kernels;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport.Species;
import java.util.Arrays;

/**
 * y = x·Wᵀ + bias for one to sixteen rows of x ("tokens") and {@link QuantizedWeights}. A task takes a tile, and a tile is one straight stream
 * of bytes: a lane of a vector is a row, so nothing is added across lanes, and the inputs are broadcast to all rows.
 *
 * <p>An element of y is a chain of sums over groups; in each, a chain of fused multiply-adds over its inputs. So it has the same bits for
 * any vector width and number of threads, and before and after the JIT has warmed up. One token and several differ in no bit either.
 */
final class FewTiles {
    private static final int TILE = Quantization.TILE;
    private static final int LANES = Species.LANES;

    /** Groups of one call: small enough that rows which come later find them in the L1 cache. */
    private static final int GROUPS = 16;

    private final Workers workers;
    private final float[][] sums; // per worker [tokens × TILE]
    private final float[][] bounds; // per worker, see TileBounds
    private final Workers.Task tileTask = this::multiplyTile;

    private Matrix y;
    private Linear w;
    private int tokens;
    private int fours; // of tokens; 0 for a single one
    private int perFour; // numbers of four tokens, or of the single one
    private float[] packed = new float[0]; // see TileTokens

    FewTiles(Workers workers) {
        this.workers = workers;
        sums = new float[workers.threads()][FewRows.MAX_TOKENS * TILE];
        bounds = new float[workers.threads()][GROUPS * 2 * TILE];
    }

    /** True if all weights of {@code w} are quantised in one format. */
    static boolean takes(Linear w) {
        return format(w) != null;
    }

    private static Quantization format(Linear w) {
        Quantization format = null;
        for (int i = 0; i < w.parts(); i++) {
            if (!(w.part(i) instanceof QuantizedWeights q) || (format != null && format != q.quantization())) {
                return null;
            }
            format = q.quantization();
        }
        return format;
    }

    /** See {@link MatMul#multiply}; x has at most {@link FewRows#MAX_TOKENS} rows, and {@link #takes} is true. */
    void multiply(Matrix x, Linear w, Matrix y) {
        this.w = w;
        this.y = y;
        tokens = x.rows();
        fours = tokens == 1 ? 0 : Math.ceilDiv(tokens, 4);
        pack(x, format(w));
        int tasks = 0;
        for (int i = 0; i < w.parts(); i++) {
            tasks += Math.ceilDiv(w.part(i).rows(), TILE);
        }
        workers.run(tasks, tileTask);
    }

    private void pack(Matrix x, Quantization format) {
        int step = tokens == 1 ? 1 : 4;
        perFour = Math.ceilDiv(x.cols(), Quantization.GROUP) * TileTokens.STRIDE * step;
        int needed = Math.max(1, fours) * perFour;
        if (packed.length < needed) {
            packed = new float[needed];
        } else {
            Arrays.fill(packed, Math.max(0, fours - 1) * perFour, needed, 0); // the last four may lack tokens
        }
        for (int t = 0; t < tokens; t++) {
            TileTokens.pack(format, x.data(), x.at(t), x.cols(), packed, t / 4 * perFour + t % 4, step);
        }
    }

    private void multiplyTile(int index, int worker) {
        int tile = index; // of the part it falls into
        int column = 0;
        int p = 0;
        while (tile >= Math.ceilDiv(w.part(p).rows(), TILE)) {
            tile -= Math.ceilDiv(w.part(p).rows(), TILE);
            column += w.part(p).rows();
            p++;
        }
        QuantizedWeights part = (QuantizedWeights) w.part(p);
        float[] tileSums = sums[worker];
        Arrays.fill(tileSums, 0, Math.max(1, 4 * fours) * TILE, 0);
        for (int group = 0; group < part.groups(); group += GROUPS) {
            int count = Math.min(GROUPS, part.groups() - group);
            add(part, part.at(tile, group), group, count, tileSums, bounds[worker]);
        }
        int first = column + tile * TILE;
        int rows = Math.min(TILE, part.rows() - tile * TILE);
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < rows; r++) {
                y.data()[y.at(t) + first + r] = tileSums[t * TILE + r] + w.bias(first + r);
            }
        }
    }

    private void add(QuantizedWeights part, long at, int group, int count, float[] tileSums, float[] ranges) {
        Quantization format = part.quantization();
        boolean eight = format == Quantization.Q8;
        int words = format.words();
        int inputs = Quantization.GROUP / words; // of one token in a word
        TileBounds.lookUp(part.data, at, format.groupBytes(), count, part.levels(), ranges);
        if (fours == 0) {
            int from = group * TileTokens.STRIDE;
            for (int r = 0; r < TILE; r += 4 * LANES) {
                long rows = at + TILE + r * (long) Integer.BYTES;
                if (eight) {
                    Q8Dots.dots4x1(part.data, rows, count, words, packed, from, inputs, ranges, r, tileSums, r);
                } else {
                    Q4Dots.dots4x1(part.data, rows, count, words, packed, from, inputs, ranges, r, tileSums, r);
                }
            }
        }
        for (int f = 0; f < fours; f++) {
            int from = f * perFour + group * TileTokens.STRIDE * 4;
            for (int r = 0; r < TILE; r += LANES) {
                long rows = at + TILE + r * (long) Integer.BYTES;
                int to = f * 4 * TILE + r;
                if (eight) {
                    Q8Dots.dots1x4(part.data, rows, count, words, packed, from, 4 * inputs, ranges, r, tileSums, to);
                } else {
                    Q4Dots.dots1x4(part.data, rows, count, words, packed, from, 4 * inputs, ranges, r, tileSums, to);
                }
            }
        }
    }
}
