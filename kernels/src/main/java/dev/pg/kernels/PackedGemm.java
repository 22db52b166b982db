package dev.pg.kernels;

import dev.pg.core.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * y = x·Wᵀ + bias for many rows of x ("tokens"), at the speed of the multiply-add units.
 *
 * <p>First x is packed: its tokens are divided into panels of a few vectors, and a panel lies in memory as [k × tokens], so that a
 * {@link Tile} reads it straight on. Then every task takes a block of weight rows and some panels:
 *
 * <pre>
 *   for k in pieces of UNPACKED inputs
 *     unpack the block's weights to floats           [ROWS × UNPACKED], stays in L2
 *     for k in slices of DEPTH inputs of the piece
 *       for each panel of tokens, for each tile of rows
 *         sums[row][token] += weights · panel        [ROWS × tokens], stays in L2
 *   y[token][row] = sums[row][token]
 * </pre>
 *
 * A weight is unpacked once for all tokens of its task, and a token is packed once for all weights.
 *
 * <p>An element of y is bias + (sum of the first slice) + (sum of the second) + ..., each sum a chain of fused multiply-adds in the order
 * of k; slices depend on nothing but the number of inputs. Work is divided among workers by rows and tokens only, never along k, and
 * edges run through the same tiles, padded, or through {@link LastTokens}, where there are so few that padding would cost more than they do. So an
 * element has the same bits by whomever it is computed, and wherever, except among the last tokens.
 */
final class PackedGemm implements MatMul.Backend {
    /** Inputs of one slice, at most. */
    static final int DEPTH = 320;

    /** Inputs unpacked at once, at most: longer than a slice, because memory is fast only along a row. */
    private static final int UNPACKED = 2 * DEPTH;

    /** Floats from one unpacked row to the next: not a power of two, which would lay all rows over the same cache sets. */
    static final int STRIDE = UNPACKED + 16;

    /**
     * Weight rows of one block, at most: half of it is a multiple of the rows of every tile. Where the second-level cache holds 192 rows of floats beside tokens and
     * sums, tokens come from the third half as often.
     */
    static final int ROWS = Processor.L2_BYTES >= 2 << 20 ? 192 : 96;

    /** Tokens of one task, at most: a picture of 224 pixels and its prompt need 260, and a weight is unpacked once for all of them. */
    static final int TOKENS = 320;

    /** Inputs packed at once: their floats stay in L1 while the tokens of a panel join them four by four. */
    private static final int PACKED_AT_ONCE = 64;

    /** Tokens stored at once: their sums stay in L1. */
    private static final int TURNED = 16;

    /** Floats of packed tokens, at most; more tokens are multiplied in several rounds. */
    private static final int MAX_PACKED = 1 << 22;

    /** A number of a packed token. */
    static final ValueLayout.OfFloat PACKED = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Enough tasks for each worker that the last ones to finish wait little. */
    private static final int TASKS_PER_WORKER = 4;

    /** With fewer tasks for each worker, they are halved: the last one holds up the others. */
    private static final int FEW_TASKS = 10;

    private final Workers workers;
    private final Tile tile;
    private final Block[] blocks; // one per worker
    private final LastTokens last;
    private final Workers.Task pack = this::pack;
    private final Workers.Task block = this::multiplyBlock;

    private Matrix x;
    private Matrix y;
    private Linear w;

    // This round's tokens.
    private int firstToken;
    private int tokens; // without the last ones
    private int lastTokens; // which come behind them
    private int vectors; // that hold the tokens, the last one padded
    private int panels;
    private int slice; // inputs of one slice; of the last one the rest
    private MemorySegment packed = MemorySegment.NULL; // [slices × panels × k of the slice × tokens of the panel]

    // The grid of tasks: blocks of rows, which never cross a part, by groups of panels.
    private int rowsPerTask;
    private int rowBlocks;
    private int panelsPerTask;

    /** Scratch memory of one worker. */
    private static final class Block {
        final float[] weights = new float[ROWS * STRIDE]; // [ROWS × UNPACKED], rows STRIDE apart
        final float[] turned = new float[TURNED * ROWS]; // [TURNED tokens × ROWS]
        private float[] sums = new float[0]; // [ROWS × tokens]

        float[] sums(int needed) {
            if (sums.length < needed) {
                sums = new float[needed];
            }
            return sums;
        }
    }

    PackedGemm(Workers workers, Tile tile) {
        this.workers = workers;
        this.tile = tile;
        last = new LastTokens(workers.threads());
        blocks = new Block[workers.threads()];
        Arrays.setAll(blocks, i -> new Block());
    }

    /** See {@link MatMul#multiply}; x has more rows than one vector has lanes. */
    @Override
    public void multiply(Matrix x, Linear w, Matrix y) {
        this.x = x;
        this.w = w;
        this.y = y;
        int most = Math.max(TOKENS, MAX_PACKED / Math.max(w.cols(), 1) / TOKENS * TOKENS);
        int rounds = Math.ceilDiv(x.rows(), most);
        for (int i = 0; i < rounds; i++) {
            firstToken = (int) ((long) x.rows() * i / rounds);
            tokens = (int) ((long) x.rows() * (i + 1) / rounds) - firstToken;
            lastTokens = last.take(tokens, w.cols());
            tokens -= lastTokens;
            multiplyRound();
        }
    }

    private void multiplyRound() {
        int cols = w.cols();
        int slices = Math.max(1, Math.ceilDiv(cols, DEPTH));
        slice = Math.ceilDiv(Math.ceilDiv(cols, slices), 16) * 16; // whole vectors, to unpack without a tail
        vectors = Math.ceilDiv(tokens, VectorSupport.LANES);
        panels = tile.panels(vectors);
        long needed = (long) vectors * VectorSupport.LANES * cols * Float.BYTES;
        if (packed.byteSize() < needed) {
            packed = Arena.ofAuto().allocate(needed, VectorSupport.CACHE_LINE); // see Tile
        }
        workers.run(lastTokens > 0 ? panels + 1 : panels, pack);

        rowsPerTask = workers.threads() > 1 && w.rows() < FEW_TASKS * workers.threads() * ROWS ? ROWS / 2 : ROWS;
        rowBlocks = 0;
        for (int i = 0; i < w.parts(); i++) {
            rowBlocks += Math.ceilDiv(w.part(i).rows(), rowsPerTask);
        }
        int groups = Math.ceilDiv(vectors * VectorSupport.LANES, TOKENS);
        if (workers.threads() > 1) {
            groups = Math.max(groups, Math.ceilDiv(TASKS_PER_WORKER * workers.threads(), rowBlocks));
        }
        panelsPerTask = Math.ceilDiv(panels, Math.min(groups, panels));
        workers.run(rowBlocks * Math.ceilDiv(panels, panelsPerTask), block);
    }

    /** First vector of a panel: the wider panels come first. */
    private int firstVector(int panel) {
        return panel * (vectors / panels) + Math.min(panel, vectors % panels);
    }

    /** Tokens of {@code panel} from rows of x to [k × tokens], slice by slice; what pads the last vector is zero. */
    private void pack(int panel, int worker) {
        if (panel == panels) {
            last.pack(x, firstToken + tokens);
            return;
        }
        int first = firstVector(panel) * VectorSupport.LANES;
        int width = firstVector(panel + 1) * VectorSupport.LANES - first;
        for (int k = 0; k < w.cols(); k += slice) {
            int depth = Math.min(slice, w.cols() - k);
            int to = packedAt(k, depth, first);
            for (int i = 0; i < depth; i += PACKED_AT_ONCE) {
                pack(first, width, k + i, Math.min(PACKED_AT_ONCE, depth - i), to + i * width);
            }
        }
    }

    private void pack(int first, int width, int k, int count, int to) {
        for (int t = 0; t < width; t += 4) {
            int real = Math.min(4, tokens - first - t);
            int from = real > 0 ? x.at(firstToken + first + t) + k : 0;
            if (real == 4) {
                pack4(x.data(), from, x.stride(), count, packed, to + t, width);
            } else {
                packEdge(x.data(), from, x.stride(), real, count, packed, to + t, width);
            }
        }
    }

    /** Where the tokens from {@code lane} on begin in the slice of {@code depth} inputs from k on. */
    private int packedAt(int k, int depth, int lane) {
        return k * vectors * VectorSupport.LANES + lane * depth;
    }

    private static void pack4(float[] src, int from, int stride, int count, MemorySegment dst, int to, int width) {
        for (int i = 0; i < count; i++) {
            int at = to + i * width;
            dst.setAtIndex(PACKED, at, src[from + i]);
            dst.setAtIndex(PACKED, at + 1, src[from + stride + i]);
            dst.setAtIndex(PACKED, at + 2, src[from + 2 * stride + i]);
            dst.setAtIndex(PACKED, at + 3, src[from + 3 * stride + i]);
        }
    }

    private static void packEdge(
            float[] src, int from, int stride, int real, int count, MemorySegment dst, int to, int width) {
        for (int i = 0; i < count; i++) {
            for (int t = 0; t < 4; t++) {
                dst.setAtIndex(PACKED, to + i * width + t, t < real ? src[from + t * stride + i] : 0);
            }
        }
    }

    /**
     * The next tasks, which run at the same time, take the same rows of weights and different tokens, as far as there are groups of them: two
     * threads that read the same panels take each other's cache lines, and lose a fifth of their speed.
     */
    private void multiplyBlock(int index, int worker) {
        int firstGroup = index / (rowBlocks * workers.threads()) * workers.threads();
        int groups = Math.min(workers.threads(), Math.ceilDiv(panels, panelsPerTask) - firstGroup);
        int at = index - firstGroup * rowBlocks;
        int row = at / groups * rowsPerTask; // of the part it falls into
        int column = 0;
        int p = 0;
        while (row >= w.part(p).rows()) {
            row -= Math.ceilDiv(w.part(p).rows(), rowsPerTask) * rowsPerTask;
            column += w.part(p).rows();
            p++;
        }
        int rows = Math.min(rowsPerTask, w.part(p).rows() - row);
        int firstPanel = (firstGroup + at % groups) * panelsPerTask;
        int endPanel = Math.min(panels, firstPanel + panelsPerTask);
        multiplyBlock(w.part(p), row, rows, column + row, firstPanel, endPanel, worker);
    }

    private void multiplyBlock(
            Weights weights, int row, int rows, int column, int firstPanel, int endPanel, int worker) {
        Block scratch = blocks[worker];
        boolean withLast = lastTokens > 0 && endPanel == panels;
        if (withLast) {
            last.clear(worker);
        }
        int cols = w.cols();
        int firstLane = firstVector(firstPanel) * VectorSupport.LANES;
        int width = firstVector(endPanel) * VectorSupport.LANES - firstLane;
        int stride = width + 16; // not a power of two
        float[] sums = scratch.sums(ROWS * stride);
        for (int r = 0; r < rows; r++) {
            Arrays.fill(sums, r * stride, r * stride + width, w.bias(column + r));
        }
        int piece = UNPACKED / slice * slice;
        for (int k = 0; k < cols; k += slice) {
            int depth = Math.min(slice, cols - k);
            int unpacked = k % piece; // where the slice begins in what is unpacked
            if (unpacked == 0) {
                weights.unpack(row, rows, k, Math.min(piece, cols - k), scratch.weights, 0, STRIDE);
            }
            for (int panel = firstPanel; panel < endPanel; panel++) {
                int at = firstVector(panel);
                int panelVectors = firstVector(panel + 1) - at;
                int tileRows = tile.rows(panelVectors);
                long from = packedAt(k, depth, at * VectorSupport.LANES) * (long) Float.BYTES;
                int to = at * VectorSupport.LANES - firstLane;
                for (int r = 0; r < rows; r += tileRows) {
                    tile.multiply(
                            panelVectors,
                            depth,
                            scratch.weights,
                            unpacked + r * STRIDE,
                            packed,
                            from,
                            sums,
                            to + r * stride,
                            stride);
                }
            }
            if (withLast) {
                last.add(scratch.weights, unpacked, rows, k, depth, worker);
            }
        }
        store(sums, stride, rows, column, firstToken + firstLane, Math.min(width, tokens - firstLane), scratch.turned);
        if (withLast) {
            last.store(w, rows, column, y, firstToken + tokens, worker);
        }
    }

    /**
     * y[token][column + row] = sums[row][token], by way of the L1 cache: y is in none, and one float at a time would wait for each of its
     * cache lines.
     */
    private void store(float[] sums, int stride, int rows, int column, int token, int count, float[] turned) {
        for (int t = 0; t < count; t += TURNED) {
            for (int i = 0; i < TURNED; i += 4) {
                turn4(sums, t + i, stride, rows, turned, i * ROWS);
            }
            for (int i = 0; i < Math.min(TURNED, count - t); i++) {
                System.arraycopy(turned, i * ROWS, y.data(), y.at(token + t + i) + column, rows);
            }
        }
    }

    private static void turn4(float[] sums, int from, int stride, int rows, float[] turned, int to) {
        for (int r = 0; r < rows; r++) {
            int at = from + r * stride;
            turned[to + r] = sums[at];
            turned[to + ROWS + r] = sums[at + 1];
            turned[to + 2 * ROWS + r] = sums[at + 2];
            turned[to + 3 * ROWS + r] = sums[at + 3];
        }
    }
}
