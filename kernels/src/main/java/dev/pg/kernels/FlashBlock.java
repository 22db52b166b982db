package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * One worker's part of {@link FlashAttention}: some panels of queries against the keys and values of one head. Owns the
 * scratch memory, which serves one block after the other.
 */
final class FlashBlock {
    /** Keys per tile. */
    static final int TILE = 128;

    /** Queries per panel. */
    static final int PANEL = OuterProduct.COLUMNS;

    /** Most panels in a block: they share a packed tile of keys and values. */
    static final int MAX_PANELS = 8;

    /** Rows of an outer product: keys, or head dimensions, that are packed side by side. */
    private static final int GROUP = OuterProduct.ROWS;

    /** Running maximum of a query that has seen no key: finite, because -∞ - -∞ is NaN. */
    private static final float NO_MAXIMUM = -Float.MAX_VALUE;

    final int headDim; // the largest that fits
    private final float[] queries; // [panel][headDim][PANEL], scaled
    private final float[] sums; // [panel][headDim, padded][PANEL]
    private final float[] maximum = new float[MAX_PANELS * PANEL]; // of the scores so far
    private final float[] total = new float[MAX_PANELS * PANEL]; // of the exponentials so far
    private final float[] factor = new float[PANEL];
    private final int[] first = new int[MAX_PANELS * PANEL]; // first key that a query sees
    private final int[] end = new int[MAX_PANELS * PANEL]; // one past the last
    private final boolean[] started = new boolean[MAX_PANELS];
    private final float[] keys; // [TILE / GROUP][headDim][GROUP]
    private final float[] values; // [headDim / GROUP][TILE][GROUP]
    private final float[] scores = new float[TILE * PANEL]; // [TILE][PANEL], then their exponentials

    FlashBlock(int headDim) {
        int padded = Math.ceilDiv(headDim, GROUP) * GROUP;
        this.headDim = headDim;
        queries = new float[MAX_PANELS * headDim * PANEL];
        sums = new float[MAX_PANELS * padded * PANEL];
        keys = new float[TILE * headDim];
        values = new float[padded * TILE];
    }

    /**
     * Computes queries [from, to) of key/value head {@code kv}. Query u is row u / group of head kv · group + u % group.
     */
    void attend(AttentionProblem p, int kv, int from, int to) {
        int panels = Math.ceilDiv(to - from, PANEL);
        int firstKey = Integer.MAX_VALUE;
        int endKey = 0;
        for (int i = 0; i < panels * PANEL; i++) {
            int row = Math.min(from + i, to - 1) / p.group; // the last panel repeats its last query
            first[i] = p.first(row);
            end[i] = p.end(row);
            if (first[i] < end[i]) {
                firstKey = Math.min(firstKey, first[i]);
                endKey = Math.max(endKey, end[i]);
            }
        }
        for (int panel = 0; panel < panels; panel++) {
            packQueries(p, kv, panel, from + panel * PANEL, to);
        }
        Arrays.fill(maximum, 0, panels * PANEL, NO_MAXIMUM);
        Arrays.fill(total, 0, panels * PANEL, 0);
        Arrays.fill(started, 0, panels, false);
        for (int tile = firstKey / TILE * TILE; tile < endKey; tile += TILE) {
            int rows = Math.min(TILE, p.keys - tile);
            packKeys(p, kv, tile, rows);
            packValues(p, kv, tile, rows);
            for (int panel = 0; panel < panels; panel++) {
                if (anySees(panel, tile, tile + rows)) {
                    update(p, panel, tile, rows);
                }
            }
        }
        for (int panel = 0; panel < panels; panel++) {
            write(p, kv, panel, from + panel * PANEL, to);
        }
    }

    private void update(AttentionProblem p, int panel, int tile, int rows) {
        int queryPanel = panel * p.headDim * PANEL;
        for (int row = 0; row < rows; row += GROUP) {
            OuterProduct.tile(p.headDim, keys, row * p.headDim, queries, queryPanel, scores, row * PANEL, false);
        }
        if (p.softCap > 0) {
            SoftCap.apply(scores, 0, rows * PANEL, p.softCap);
        }
        if (!allSee(panel, tile, tile + rows)) {
            hide(panel, tile, rows);
        }
        int lanes = panel * PANEL;
        boolean raised = raise(scores, rows, maximum, lanes, factor);
        exponentials(scores, 0, rows, maximum, lanes, total, factor, 0);
        exponentials(scores, Species.LANES, rows, maximum, lanes + Species.LANES, total, factor, Species.LANES);
        int padded = Math.ceilDiv(p.headDim, GROUP) * GROUP;
        int sumPanel = panel * padded * PANEL;
        if (started[panel] && raised) {
            rescale(sums, sumPanel, p.headDim, factor);
        }
        for (int d = 0; d < p.headDim; d += GROUP) {
            OuterProduct.tile(rows, values, d * TILE, scores, 0, sums, sumPanel + d * PANEL, started[panel]);
        }
        started[panel] = true;
    }

    private boolean anySees(int panel, int from, int to) {
        for (int i = panel * PANEL; i < (panel + 1) * PANEL; i++) {
            if (Math.max(first[i], from) < Math.min(end[i], to)) {
                return true;
            }
        }
        return false;
    }

    private boolean allSee(int panel, int from, int to) {
        for (int i = panel * PANEL; i < (panel + 1) * PANEL; i++) {
            if (first[i] > from || end[i] < to) {
                return false;
            }
        }
        return true;
    }

    /** Takes from every query the keys of the tile that it does not see. */
    private void hide(int panel, int tile, int rows) {
        for (int lane = 0; lane < PANEL; lane++) {
            int visibleFrom = first[panel * PANEL + lane] - tile;
            int visibleTo = end[panel * PANEL + lane] - tile;
            for (int row = 0; row < rows; row++) {
                if (row < visibleFrom || row >= visibleTo) {
                    scores[row * PANEL + lane] = Float.NEGATIVE_INFINITY;
                }
            }
        }
    }

    /**
     * Raises the running maxima of a panel to the scores [rows × PANEL] and sets {@code factor} to e^(old - new); returns
     * whether any was raised. A NaN is passed over here and comes out of the exponentials.
     */
    private static boolean raise(float[] scores, int rows, float[] maximum, int at, float[] factor) {
        FloatVector old0 = FloatVector.fromArray(Species.FLOAT, maximum, at);
        FloatVector old1 = FloatVector.fromArray(Species.FLOAT, maximum, at + Species.LANES);
        FloatVector even0 = old0;
        FloatVector even1 = old1;
        FloatVector odd0 = old0;
        FloatVector odd1 = old1;
        for (int row = 0; row < rows; row += 2) {
            int next = Math.min(row + 1, rows - 1);
            even0 = Lanes.larger(even0, FloatVector.fromArray(Species.FLOAT, scores, row * PANEL));
            even1 = Lanes.larger(even1, FloatVector.fromArray(Species.FLOAT, scores, row * PANEL + Species.LANES));
            odd0 = Lanes.larger(odd0, FloatVector.fromArray(Species.FLOAT, scores, next * PANEL));
            odd1 = Lanes.larger(odd1, FloatVector.fromArray(Species.FLOAT, scores, next * PANEL + Species.LANES));
        }
        FloatVector new0 = Lanes.larger(even0, odd0);
        FloatVector new1 = Lanes.larger(even1, odd1);
        new0.intoArray(maximum, at);
        new1.intoArray(maximum, at + Species.LANES);
        old0.sub(new0).intoArray(factor, 0);
        old1.sub(new1).intoArray(factor, Species.LANES);
        boolean raised = new0.compare(VectorOperators.GT, old0)
                .or(new1.compare(VectorOperators.GT, old1))
                .anyTrue();
        for (int i = 0; i < PANEL; i += Species.LANES) {
            Exp.Simd.exp(FloatVector.fromArray(Species.FLOAT, factor, i)).intoArray(factor, i);
        }
        return raised;
    }

    /** scores = e^(scores - maximum) down one column of vectors, and their sum into {@code total}, rescaled by {@code factor}. */
    private static void exponentials(
            float[] scores,
            int column,
            int rows,
            float[] maximum,
            int at,
            float[] total,
            float[] factor,
            int factorAt) {
        FloatVector max = FloatVector.fromArray(Species.FLOAT, maximum, at);
        FloatVector sum = FloatVector.fromArray(Species.FLOAT, total, at)
                .mul(FloatVector.fromArray(Species.FLOAT, factor, factorAt));
        for (int row = 0; row < rows; row++) {
            int i = row * PANEL + column;
            FloatVector e =
                    Exp.Simd.exp(FloatVector.fromArray(Species.FLOAT, scores, i).sub(max));
            e.intoArray(scores, i);
            sum = sum.add(e);
        }
        sum.intoArray(total, at);
    }

    /** sums [headDim × PANEL] times {@code factor} [PANEL]. */
    private static void rescale(float[] sums, int at, int headDim, float[] factor) {
        FloatVector f0 = FloatVector.fromArray(Species.FLOAT, factor, 0);
        FloatVector f1 = FloatVector.fromArray(Species.FLOAT, factor, Species.LANES);
        for (int i = at; i < at + headDim * PANEL; i += PANEL) {
            FloatVector.fromArray(Species.FLOAT, sums, i).mul(f0).intoArray(sums, i);
            int j = i + Species.LANES;
            FloatVector.fromArray(Species.FLOAT, sums, j).mul(f1).intoArray(sums, j);
        }
    }

    private void packQueries(AttentionProblem p, int kv, int panel, int from, int to) {
        for (int lane = 0; lane < PANEL; lane++) {
            int u = Math.min(from + lane, to - 1);
            int src = p.q.at(u / p.group) + (kv * p.group + u % p.group) * p.headDim;
            int dst = panel * p.headDim * PANEL + lane;
            for (int d = 0; d < p.headDim; d++) {
                queries[dst + d * PANEL] = p.q.data()[src + d] * p.scale;
            }
        }
    }

    private void packKeys(AttentionProblem p, int kv, int tile, int rows) {
        for (int row = 0; row < Math.ceilDiv(rows, GROUP) * GROUP; row++) {
            int src = p.k.at(tile + Math.min(row, rows - 1)) + kv * p.headDim;
            int dst = row / GROUP * p.headDim * GROUP + row % GROUP;
            for (int d = 0; d < p.headDim; d++) {
                keys[dst + d * GROUP] = p.k.data()[src + d];
            }
        }
    }

    private void packValues(AttentionProblem p, int kv, int tile, int rows) {
        for (int row = 0; row < rows; row++) {
            int src = p.v.at(tile + row) + kv * p.headDim;
            for (int d = 0; d < p.headDim; d++) {
                values[d / GROUP * TILE * GROUP + row * GROUP + d % GROUP] = p.v.data()[src + d];
            }
        }
    }

    /** Divides a panel's sums by its totals and puts them into the result; zeros where no key was seen. */
    private void write(AttentionProblem p, int kv, int panel, int from, int to) {
        int padded = Math.ceilDiv(p.headDim, GROUP) * GROUP;
        for (int lane = 0; lane < Math.min(PANEL, to - from); lane++) {
            int u = from + lane;
            int dst = p.out.at(u / p.group) + (kv * p.group + u % p.group) * p.headDim;
            float sum = total[panel * PANEL + lane];
            if (sum == 0) {
                Arrays.fill(p.out.data(), dst, dst + p.headDim, 0);
                continue;
            }
            int src = panel * padded * PANEL + lane;
            for (int d = 0; d < p.headDim; d++) {
                p.out.data()[dst + d] = sums[src + d * PANEL] / sum;
            }
        }
    }
}
