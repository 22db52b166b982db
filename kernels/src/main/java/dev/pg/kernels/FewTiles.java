package dev.pg.kernels;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.pg.core.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * y = x·Wᵀ + bias for one to sixteen rows of x ("tokens"), rounded as {@link RoundedGroup} says, and {@link QuantizedWeights}. A task
 * takes a tile or some neighbours, a straight stream of bytes: a lane of a vector is a row, so nothing is added across rows, and the
 * inputs are broadcast to all of them.
 *
 * <p>An element of y is a chain of sums over groups; in each, products and sums of whole numbers. So it has the same bits for
 * any vector width and number of threads, and before and after the JIT has warmed up. One token and several differ in no bit either.
 */
final class FewTiles {
    private static final int TILE = Quantization.TILE;
    private static final int LANES = VectorSupport.LANES;

    /**
     * Groups multiplied at once: their weights and their part of four or eight tokens stay in an L1 cache of 32 KB. Where weights are read only once,
     * by a single token and a kernel that takes all rows of a tile, it is all groups.
     */
    private static final int TOGETHER = 16;

    /**
     * Floats behind an array of one worker that nobody uses: two cache lines. Otherwise its end shared a line with the next worker's, and
     * the threads took it from each other again and again.
     */
    static final int APART = 32;

    /** Neighbouring tiles whose products with a single token are stored together. */
    private static final int STORED_TOGETHER = 16;

    /** Where the sum of a row lies: of each two vectors of rows, which fill one of short lanes, those with even numbers come first. */
    static final int[] PLACES = IntStream.range(0, TILE)
            .map(r -> r - r % (2 * LANES) + r % 2 * LANES + r % (2 * LANES) / 2)
            .toArray();

    private final Workers workers;
    private final float[][] sums; // per worker [tokens × TILE], or [tiles stored together × TILE] of one token
    private final int[][]
            wholes; // per worker, the whole numbers of a group; or what was read ahead, which nobody needs
    private final TileTokens[] packed; // per worker
    private final FloatTokens[] floats; // per worker
    private final Runs runs = new Runs(); // of tiles
    private final Workers.Task runTask = this::multiplyRun;

    private Matrix x;
    private Matrix y;
    private Linear w;
    private Quantization format;
    private int tokens;
    private boolean vectors;
    private long product; // counts them

    FewTiles(Workers workers) {
        this.workers = workers;
        packed = new TileTokens[workers.threads()];
        Arrays.setAll(packed, i -> new TileTokens());
        floats = new FloatTokens[workers.threads()];
        Arrays.setAll(floats, i -> new FloatTokens());
        sums = new float[workers.threads()][Math.max(FewRows.MAX_TOKENS, STORED_TOGETHER) * TILE + APART];
        wholes = new int[workers.threads()][12 * LANES + APART];
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
        this.x = x;
        this.w = w;
        this.y = y;
        format = format(w);
        tokens = x.rows();
        vectors = WarmUp.vectors();
        product++;
        int tiles = 0;
        for (int i = 0; i < w.parts(); i++) {
            tiles += tiles(w.part(i));
        }
        workers.run(runs.divide(tiles, workers.threads()), runTask);
    }

    private static int tiles(Weights part) {
        return Math.ceilDiv(part.rows(), TILE);
    }

    private void multiplyRun(int index, int worker) {
        int first = runs.start(index);
        int end = runs.end(index);
        int together = tokens == 1 ? STORED_TOGETHER : 1;
        int before = 0; // tiles of the parts before
        int column = 0;
        for (int p = 0; p < w.parts(); p++) {
            QuantizedWeights part = (QuantizedWeights) w.part(p);
            int to = Math.min(end - before, tiles(part));
            for (int tile = Math.max(first - before, 0); tile < to; tile += together) {
                multiplyTiles(part, column, tile, Math.min(together, to - tile), worker);
            }
            before += tiles(part);
            column += part.rows();
        }
    }

    /** One tile, or some with a single token, which are stored at the end: between two tiles memory would have nothing to do meanwhile. */
    private void multiplyTiles(QuantizedWeights part, int column, int first, int count, int worker) {
        float[] ownSums = sums[worker];
        int padded = tokens == 1 ? 1 : Math.ceilDiv(tokens, 8) * 8;
        Arrays.fill(ownSums, 0, count * padded * TILE, 0);
        int step = tokens == 1 && Pairs.TAKEN ? 2 : 1;
        for (int i = 0; i < count; i += step) {
            addTiles(part, first + i, Math.min(step, count - i), worker, i * TILE);
        }
        for (int i = 0; i < count; i++) {
            int row = (first + i) * TILE;
            int rows = Math.min(TILE, part.rows() - row);
            for (int t = 0; t < tokens; t++) {
                int from = (i + t) * TILE; // one of them is 0
                store(ownSums, from, t, column + row, rows);
            }
        }
    }

    private void store(float[] tileSums, int from, int token, int column, int rows) {
        for (int r = 0; r < rows; r++) {
            y.data()[y.at(token) + column + r] = tileSums[from + PLACES[r]] + w.bias(column + r);
        }
    }

    /** Adds to the sums of the worker, from {@code so} on; {@code count} is 1, or 2 with a single token. */
    private void addTiles(QuantizedWeights part, int tile, int count, int worker, int so) {
        if (vectors) {
            addTilesByVectors(part, tile, count, worker, so);
            return;
        }
        for (int i = 0; i < count; i++) {
            for (int t = 0; t < tokens; t++) {
                PlainTiles.add(part, tile + i, x, t, sums[worker], so + (i + t) * TILE); // one of them is 0
            }
        }
    }

    private void addTilesByVectors(QuantizedWeights part, int tile, int count, int worker, int so) {
        boolean one = tokens == 1;
        boolean eight = format == Quantization.Q8;
        int bunch = tokens > 4 && LANES == 16 ? 8 : 4;
        if (!one && eight) {
            floats[worker].pack(product, x, bunch);
        } else {
            packed[worker].pack(product, x, format);
        }
        int together = one && 8 * LANES >= TILE ? part.groups() : TOGETHER;
        for (int group = 0; group < part.groups(); group += together) {
            int groups = Math.min(together, part.groups() - group);
            if (one) {
                addOne(part, tile, count, group, groups, worker, so);
            } else if (eight) {
                addBunches(part, tile, group, groups, bunch, worker);
            } else {
                addFours(part, tile, group, groups, worker);
            }
        }
    }

    private void addOne(QuantizedWeights part, int tile, int count, int group, int groups, int worker, int so) {
        MemorySegment w = part.data;
        long at = part.groupAt(tile, group);
        boolean eight = part.quantization() == Quantization.Q8;
        int words = part.quantization().words();
        float[] levels = part.levels();
        TileTokens own = packed[worker];
        int[] x = own.factors();
        int xo = own.factorsAt(0, group);
        float[] scales = own.scales();
        int co = own.scalesAt(0, group);
        int[] whole = wholes[worker];
        float[] y = sums[worker];
        if (count == 2) {
            long apart = part.groupAt(tile + 1, group) - at;
            if (eight) {
                Q8Dots.pair4x1(w, at, apart, groups, words, 1, x, xo, scales, co, levels, whole, y, so);
            } else {
                Q4Dots.pair4x1(w, at, apart, groups, words, 1, x, xo, scales, co, levels, whole, y, so);
            }
            return;
        }
        if (4 * LANES == TILE) {
            if (eight) {
                Q8Dots.dots4x1(w, at, groups, words, 1, x, xo, scales, co, levels, whole, y, so);
            } else {
                Q4Dots.dots4x1(w, at, groups, words, 1, x, xo, scales, co, levels, whole, y, so);
            }
            return;
        }
        for (int r = 0; r < TILE; r += 8 * LANES) {
            if (eight) {
                Q8Dots.dots8x1(w, at, r, groups, words, 1, 8, x, xo, scales, co, levels, whole, y, so + r);
            } else {
                Q4Dots.dots8x1(w, at, r, groups, words, 1, 4, x, xo, scales, co, levels, whole, y, so + r);
            }
        }
    }

    /** Several tokens and {@link Quantization#Q8}. */
    private void addBunches(QuantizedWeights part, int tile, int group, int groups, int bunch, int worker) {
        MemorySegment w = part.data;
        long at = part.groupAt(tile, group);
        Quantization q = part.quantization();
        float[] levels = part.levels();
        float[] x = floats[worker].data();
        float[] y = sums[worker];
        for (int t = 0; t < tokens; t += bunch) {
            int xo = floats[worker].at(t, group);
            int so = t * TILE;
            if (bunch == 8) {
                Q8Floats.dots2x8(w, at, groups, q.words(), q.zeroSpacing(), q.middle(), 1, x, xo, levels, y, so);
            } else {
                Q8Floats.dots2x4(w, at, groups, q.words(), q.zeroSpacing(), q.middle(), 1, x, xo, levels, y, so);
            }
        }
    }

    /** Several tokens and {@link Quantization#Q4}. */
    private void addFours(QuantizedWeights part, int tile, int group, int groups, int worker) {
        MemorySegment w = part.data;
        long at = part.groupAt(tile, group);
        int words = part.quantization().words();
        float[] levels = part.levels();
        TileTokens own = packed[worker];
        int next = own.factorsOfGroup();
        int[] x = own.factors();
        float[] scales = own.scales();
        float[] y = sums[worker];
        if (Processor.MANY_STREAMS) {
            wholes[worker][0] = read(w, at, groups * format.groupBytes());
        }
        for (int f = 0; f < own.fours(); f++) {
            int xo = own.factorsAt(f, group);
            int co = own.scalesAt(f, group);
            for (int r = 0; r < TILE; r += 2 * LANES) {
                int so = f * 4 * TILE + r;
                Q4Dots.dots2x4(w, at, r, groups, words, 1, next, 4, x, xo, scales, co, levels, y, so);
            }
        }
    }

    /**
     * Brings groups to the first-level cache in their order, where the kernel for four tokens takes every second line of them, and then the others.
     *
     * @return what was read, which nobody needs, so that C2 reads it
     */
    private static int read(MemorySegment w, long at, int bytes) {
        int read = 0;
        for (long b = 0; b < bytes; b += VectorSupport.CACHE_LINE) {
            read |= w.get(ValueLayout.JAVA_BYTE, at + b);
        }
        return read;
    }

    /**
     * Whether a single token is multiplied with two tiles at once, two straight streams. Only 512-bit vectors have registers for it, and C2 keeps so large a kernel in them
     * only when it may recompile more often than it does by itself: {@code pg} allows that, programs that embed the library may not.
     */
    private static final class Pairs {
        static final boolean TAKEN = Processor.MANY_STREAMS && 4 * LANES == TILE && recompilations() >= 10_000;

        private static int recompilations() {
            HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            return Integer.parseInt(
                    vm.getVMOption("PerMethodRecompilationCutoff").getValue());
        }
    }
}
