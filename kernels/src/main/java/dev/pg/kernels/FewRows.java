package dev.pg.kernels;

import dev.pg.core.Workers;
import java.util.Arrays;

/**
 * y = x·Wᵀ + bias for one to sixteen rows of x ("tokens"), at the speed of memory: decoding, the vocabulary projection.
 *
 * <p>The weights are read once, straight from where they lie. In which order their rows are walked matters more than the instructions,
 * for it decides how far the processor reads ahead. One token that fits the L1 cache beside the weights is multiplied row by row: all
 * weights are one straight stream; or, where the processor likes several better, with rows that are far from each other. A longer one
 * comes from L2 again for every row and disturbs that stream, so {@link #STREAMS} rows share it. Several tokens are taken four by four,
 * so that a weight that is widened once is used four times; for further fours it is still in the cache.
 *
 * <p>An element of y is made of chains of fused multiply-adds, lane l of a vector summing inputs k with k mod LANES = l; the
 * lanes are added as a tree, halves first; then the inputs behind the last whole vector, one by one; then the bias. How many chains there
 * are depends on the format of the weights, the number of inputs, and whether there is one token or more: no place, no number of threads
 * and no compiler changes a bit.
 */
final class FewRows implements MatMul.Backend {
    /** Tokens, at most; more are the business of {@link PackedGemm}. */
    static final int MAX_TOKENS = 16;

    /** Rows of weights walked at once for one token that is not {@link #SHORT}. */
    static final int STREAMS = 12;

    /** Inputs, at most, of a token that stays in the L1 cache beside the weights: 12 KB of 32. */
    static final int SHORT = 3072;

    /**
     * Inputs, at most, for which rows are walked one by one. A thread of a Zen 4 then read 26 GB/s, and 20 from eight rows at once. One of an Intel Xeon read 10, 13
     * from twelve rows, and 17 from eight that are far from each other.
     */
    static final int NARROW = Processor.MANY_STREAMS ? 0 : SHORT;

    /** Rows of weights multiplied with four tokens at once: two need 8 sums, six need 24. */
    static final int TOGETHER = Tile.best() instanceof Tiles32 ? 6 : 2;

    /** Tasks are a multiple of this many rows, so that only the last rows of a matrix are left over. */
    private static final int STEP = 48;

    /** Weights of one task: enough to be worth handing out. */
    private static final int TASK_WEIGHTS = 1 << 16;

    private final Workers workers;
    private final float[][] sums; // per worker [rows × tokens × lanes]
    private final float[][] scratch; // per worker: inputs behind the last vector, or what a format unpacks
    private final Workers.Task rowsTask = this::multiplyRows;

    private Matrix x;
    private Matrix y;
    private Linear w;
    private int tokens;
    private boolean vectors;
    private int group; // tokens multiplied at once: 1 or 4
    private boolean spread; // whether rows multiplied at once are far from each other: several straight streams
    private int body; // inputs in whole vectors
    private float[] packed = new float[0]; // [fours of tokens × body / lanes × 4 × lanes]
    private int rowsPerTask;

    FewRows(Workers workers) {
        this.workers = workers;
        sums = new float[workers.threads()][0];
        scratch = new float[workers.threads()][Weights.SCRATCH];
    }

    /** See {@link MatMul#multiply}; x has at most {@link #MAX_TOKENS} rows. */
    @Override
    public void multiply(Matrix x, Linear w, Matrix y) {
        this.x = x;
        this.w = w;
        this.y = y;
        tokens = x.rows();
        vectors = WarmUp.vectors();
        group = tokens == 1 ? 1 : 4;
        body = w.cols() - w.cols() % VectorSupport.LANES;
        spread = tokens > 1 && vectors && Processor.MANY_STREAMS && body <= SHORT && inRows(w);
        if (tokens > 1) {
            packed = pack(x, 0, tokens, body, packed);
        }
        int fair = Math.ceilDiv(w.rows(), 4 * workers.threads());
        int rows = Math.min(TASK_WEIGHTS / Math.max(w.cols(), 1), workers.threads() == 1 ? w.rows() : fair);
        rowsPerTask = Math.max(1, Math.ceilDiv(rows, STEP)) * STEP;
        int tasks = 0;
        for (int i = 0; i < w.parts(); i++) {
            tasks += Math.ceilDiv(w.part(i).rows(), rowsPerTask);
        }
        workers.run(tasks, rowsTask);
    }

    /**
     * Some rows of x as {@link Weights#addDots} reads them: [fours of tokens × cols / lanes × 4 × lanes]. What the last four lacks is zero.
     *
     * @param cols inputs, a multiple of the lanes
     * @return {@code packed}, or a larger array in its place
     */
    static float[] pack(Matrix x, int first, int tokens, int cols, float[] packed) {
        int padded = Math.ceilDiv(tokens, 4) * 4;
        float[] out = packed.length < padded * cols ? new float[padded * cols] : packed;
        for (int t = 0; t < padded; t++) {
            int to = t / 4 * 4 * cols + t % 4 * VectorSupport.LANES;
            for (int k = 0; k < cols; k += VectorSupport.LANES) {
                if (t < tokens) {
                    System.arraycopy(x.data(), x.at(first + t) + k, out, to + 4 * k, VectorSupport.LANES);
                } else {
                    Arrays.fill(out, to + 4 * k, to + 4 * k + VectorSupport.LANES, 0);
                }
            }
        }
        return out;
    }

    private void multiplyRows(int index, int worker) {
        int row = index * rowsPerTask; // of the part it falls into
        int column = 0;
        int p = 0;
        while (row >= w.part(p).rows()) {
            row -= Math.ceilDiv(w.part(p).rows(), rowsPerTask) * rowsPerTask;
            column += w.part(p).rows();
            p++;
        }
        int rows = Math.min(rowsPerTask, w.part(p).rows() - row);
        int groups = Math.ceilDiv(tokens, group);
        int perGroup = rowsPerTask * group * VectorSupport.LANES;
        if (sums[worker].length < groups * perGroup) {
            sums[worker] = new float[groups * perGroup];
        }
        if (tokens == 1 && !vectors) {
            PlainDots.dots(w.part(p), row, rows, body, x.data(), x.at(0), sums[worker], scratch[worker]);
        } else if (tokens == 1) {
            w.part(p).dots(row, rows, body, x.data(), x.at(0), sums[worker], scratch[worker]);
        } else {
            Arrays.fill(sums[worker], 0, groups * perGroup, 0);
            addDots(w.part(p), row, rows, groups, perGroup, sums[worker], scratch[worker]);
        }
        for (int t = 0; t < tokens; t++) {
            int from = t / group * perGroup + t % group * VectorSupport.LANES;
            store(w.part(p), row, rows, column + row, t, sums[worker], from, scratch[worker]);
        }
    }

    private void addDots(Weights part, int row, int rows, int groups, int perGroup, float[] sums, float[] scratch) {
        int apart = rows / TOGETHER;
        for (int place = 0; place < rows; place += TOGETHER) {
            int count = Math.min(TOGETHER, rows - place);
            int first = row + rowAt(place, rows);
            for (int g = 0; g < groups; g++) {
                int to = g * perGroup + place * 4 * VectorSupport.LANES;
                int from = g * 4 * body;
                if (spread) {
                    int step = count == TOGETHER ? apart : 1;
                    ((Bf16Weights) part).addDots(first, step, count, body, packed, from, sums, to);
                } else if (vectors) {
                    part.addDots(first, count, body, packed, from, sums, to, scratch);
                } else {
                    PlainDots.addDots(part, first, count, body, packed, from, sums, to, scratch);
                }
            }
        }
    }

    private static boolean inRows(Linear w) {
        for (int i = 0; i < w.parts(); i++) {
            if (!(w.part(i) instanceof Bf16Weights)) {
                return false;
            }
        }
        return true;
    }

    /** Which row of a task the sums at a place belong to: rows multiplied at once lie side by side there. */
    private int rowAt(int place, int rows) {
        int apart = rows / TOGETHER;
        return spread && place < apart * TOGETHER ? place / TOGETHER + place % TOGETHER * apart : place;
    }

    /** Finishes the sums of one token. */
    private void store(Weights part, int row, int rows, int column, int token, float[] lanes, int from, float[] tail) {
        float[] out = y.data();
        int to = y.at(token) + column;
        int step = group * VectorSupport.LANES;
        LaneSums.fold(lanes, from, step, rows);
        for (int r = 0; r < rows; r++) {
            out[to + rowAt(r, rows)] = LaneSums.total(lanes, from + r * step);
        }
        int rest = w.cols() - body;
        if (rest > 0) {
            for (int r = 0; r < rows; r++) {
                part.unpack(row + r, 1, body, rest, tail, 0, rest);
                for (int k = 0; k < rest; k++) {
                    out[to + r] = Math.fma(tail[k], x.data()[x.at(token) + body + k], out[to + r]);
                }
            }
        }
        for (int r = 0; r < rows; r++) {
            out[to + r] += w.bias(column + r);
        }
    }
}
