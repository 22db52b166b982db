package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
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
    private static final int MAX_PANELS = 32;

    /** Floats of packed queries in a block; with as many sums beside them they should stay in the second-level cache. */
    private static final int QUERY_FLOATS = 1 << 16;

    /** Rows of an outer product: keys, or head dimensions; queries, while they are turned. */
    private static final int GROUP = OuterProduct.ROWS;

    /** Head dimensions in a packed row: all of them, as a rule. */
    private static final int DIMS = 256;

    /** How far scores may exceed the running maximum before it is raised: e^8 is no number to fear, and most tiles leave the sums as they are. */
    static final float SLACK = 8;

    /** Running maximum of a query that has seen no key: finite, because -∞ - -∞ is NaN. */
    private static final float NO_MAXIMUM = -Float.MAX_VALUE;

    final int headDim; // the largest that fits
    private final float[] queries; // [panel][headDim][PANEL], scaled
    private final float[] sums; // [panel][headDim, padded][PANEL]
    private final float[] maximum = new float[MAX_PANELS * PANEL]; // of the scores so far
    private final float[] total = new float[MAX_PANELS * PANEL]; // of the exponentials so far
    private final float[] factor = new float[PANEL];
    private final float[] unused = new float[PANEL];
    private final int[] first = new int[MAX_PANELS * PANEL]; // first key that a query sees
    private final int[] end = new int[MAX_PANELS * PANEL]; // one past the last
    private final boolean[] started = new boolean[MAX_PANELS];
    private final float[] keys; // [headDim / DIMS][TILE][DIMS], OuterProduct.STRIDE from key to key
    private final float[] values; // the same
    private final float[] quads; // [headDim][GROUP]
    private final float[] scores = new float[TILE * PANEL]; // [TILE][PANEL], then their exponentials

    FlashBlock(int headDim) {
        int padded = padded(headDim);
        this.headDim = headDim;
        queries = new float[Math.max(QUERY_FLOATS, padded * PANEL)];
        sums = new float[Math.max(QUERY_FLOATS, padded * PANEL)];
        keys = new float[Math.ceilDiv(headDim, DIMS) * TILE * OuterProduct.STRIDE];
        values = new float[keys.length];
        quads = new float[headDim * GROUP];
    }

    /** Most panels that fit into a block. */
    static int maxPanels(int headDim) {
        return Math.clamp(QUERY_FLOATS / (padded(headDim) * PANEL), 1, MAX_PANELS);
    }

    private static int padded(int headDim) {
        return Math.ceilDiv(headDim, GROUP) * GROUP;
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
            pack(p.k, kv * p.headDim, tile, rows, p.headDim, keys);
            pack(p.v, kv * p.headDim, tile, rows, p.headDim, values);
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
            for (int d = 0; d < p.headDim; d += DIMS) {
                int depth = Math.min(DIMS, p.headDim - d);
                int key = packedAt(d) + row * OuterProduct.STRIDE;
                OuterProduct.tile(depth, keys, key, queries, queryPanel + d * PANEL, scores, row * PANEL, d > 0);
            }
        }
        if (p.softCap > 0) {
            SoftCap.apply(scores, 0, rows * PANEL, p.softCap);
        }
        if (!allSee(panel, tile, tile + rows)) {
            hide(panel, tile, rows);
        }
        int lanes = panel * PANEL;
        boolean raised = raise(scores, rows, maximum, lanes, factor);
        if (raised) {
            exponentials(factor, 1, maximum, lanes, unused, 0); // e^(old - new)
            rescale(total, lanes, 1, factor);
        }
        exponentials(scores, rows, maximum, lanes, total, lanes);
        int sumPanel = panel * padded(p.headDim) * PANEL;
        if (started[panel] && raised) {
            rescale(sums, sumPanel, p.headDim, factor);
        }
        for (int d = 0; d < p.headDim; d += GROUP) {
            OuterProduct.transposedTile(
                    rows, values, packedAt(d), scores, 0, sums, sumPanel + d * PANEL, started[panel]);
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
     * Raises the running maxima of a panel that the scores [rows × PANEL] exceed by more than {@link #SLACK}, and leaves the old ones in
     * {@code old}; returns whether any was raised. A NaN is passed over here and comes out of the exponentials.
     */
    static boolean raise(float[] scores, int rows, float[] maximum, int at, float[] old) {
        if (!WarmUp.vectors()) {
            return PlainAttention.raise(scores, rows, maximum, at, old);
        }
        FloatVector old0 = FloatVector.fromArray(Species.FLOAT, maximum, at);
        FloatVector old1 = FloatVector.fromArray(Species.FLOAT, maximum, at + VectorSupport.LANES);
        old0.intoArray(old, 0);
        old1.intoArray(old, VectorSupport.LANES);
        FloatVector max0 = old0;
        FloatVector max1 = old1;
        for (int i = 0; i < rows * PANEL; i += PANEL) {
            FloatVector s0 = FloatVector.fromArray(Species.FLOAT, scores, i);
            FloatVector s1 = FloatVector.fromArray(Species.FLOAT, scores, i + VectorSupport.LANES);
            max0 = max0.blend(s0, s0.compare(VectorOperators.GT, max0));
            max1 = max1.blend(s1, s1.compare(VectorOperators.GT, max1));
        }
        VectorMask<Float> raised0 = max0.compare(VectorOperators.GT, old0.add(SLACK));
        VectorMask<Float> raised1 = max1.compare(VectorOperators.GT, old1.add(SLACK));
        old0.blend(max0, raised0).intoArray(maximum, at);
        old1.blend(max1, raised1).intoArray(maximum, at + VectorSupport.LANES);
        return raised0.or(raised1).anyTrue();
    }

    /**
     * x = e^(x - maximum) for [rows × PANEL], added up per query into {@code sum}. The steps of {@link Exp} written out, for
     * the reason given there, and shortened for arguments up to {@link #SLACK}: results below 2^-126 become 0.
     */
    static void exponentials(float[] x, int rows, float[] maximum, int at, float[] sum, int sumAt) {
        if (!WarmUp.vectors()) {
            PlainAttention.exponentials(x, rows, maximum, at, sum, sumAt);
            return;
        }
        FloatVector min = FloatVector.broadcast(Species.FLOAT, Exp.FLUSH);
        FloatVector log2e = FloatVector.broadcast(Species.FLOAT, Exp.LOG2_E);
        FloatVector round = FloatVector.broadcast(Species.FLOAT, Exp.BIASED_ROUND);
        FloatVector ln2 = FloatVector.broadcast(Species.FLOAT, -Exp.LN2);
        FloatVector c2 = FloatVector.broadcast(Species.FLOAT, Exp.C2);
        FloatVector c3 = FloatVector.broadcast(Species.FLOAT, Exp.C3);
        FloatVector c4 = FloatVector.broadcast(Species.FLOAT, Exp.C4);
        FloatVector c5 = FloatVector.broadcast(Species.FLOAT, Exp.C5);
        FloatVector c6 = FloatVector.broadcast(Species.FLOAT, Exp.C6);
        for (int column = 0; column < PANEL; column += VectorSupport.LANES) {
            FloatVector max = FloatVector.fromArray(Species.FLOAT, maximum, at + column);
            FloatVector total = FloatVector.fromArray(Species.FLOAT, sum, sumAt + column);
            for (int i = column; i < rows * PANEL; i += PANEL) {
                FloatVector v = FloatVector.fromArray(Species.FLOAT, x, i).sub(max);
                FloatVector clamped = v.blend(min, v.compare(VectorOperators.LT, min));
                FloatVector shifted = clamped.fma(log2e, round);
                FloatVector n = shifted.sub(round);
                FloatVector r = n.fma(ln2, clamped);
                FloatVector q = r.fma(c6, c5).fma(r, c4).fma(r, c3).fma(r, c2);
                FloatVector e = r.mul(r).fma(q, r).add(1f);
                IntVector scale = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, Exp.MANTISSA_BITS);
                FloatVector exp = e.mul(scale.reinterpretAsFloats());
                exp.intoArray(x, i);
                total = total.add(exp);
            }
            total.intoArray(sum, sumAt + column);
        }
    }

    /** x [rows × PANEL] times {@code factor} [PANEL]. */
    static void rescale(float[] x, int at, int rows, float[] factor) {
        if (!WarmUp.vectors()) {
            PlainAttention.rescale(x, at, rows, factor);
            return;
        }
        FloatVector f0 = FloatVector.fromArray(Species.FLOAT, factor, 0);
        FloatVector f1 = FloatVector.fromArray(Species.FLOAT, factor, VectorSupport.LANES);
        for (int i = at; i < at + rows * PANEL; i += PANEL) {
            FloatVector.fromArray(Species.FLOAT, x, i).mul(f0).intoArray(x, i);
            int j = i + VectorSupport.LANES;
            FloatVector.fromArray(Species.FLOAT, x, j).mul(f1).intoArray(x, j);
        }
    }

    private void packQueries(AttentionProblem p, int kv, int panel, int from, int to) {
        for (int lane = 0; lane < PANEL; lane += GROUP) {
            int u = from + lane;
            Quads.interleave(
                    p.q.data(),
                    query(p, kv, Math.min(u, to - 1)),
                    query(p, kv, Math.min(u + 1, to - 1)),
                    query(p, kv, Math.min(u + 2, to - 1)),
                    query(p, kv, Math.min(u + 3, to - 1)),
                    p.headDim,
                    quads,
                    0);
            int dst = panel * p.headDim * PANEL + lane;
            Quads.copy(quads, 0, GROUP, queries, dst, PANEL, p.headDim, p.scale);
        }
    }

    private static int query(AttentionProblem p, int kv, int u) {
        return p.q.at(u / p.group) + (kv * p.group + u % p.group) * p.headDim;
    }

    /** Copies the head dimensions of some keys, or of their values, that begin in column {@code column}. */
    private static void pack(Matrix m, int column, int tile, int rows, int headDim, float[] packed) {
        for (int row = 0; row < rows; row++) {
            int src = m.at(tile + row) + column;
            for (int d = 0; d < headDim; d += DIMS) {
                int dst = packedAt(d) + row * OuterProduct.STRIDE;
                System.arraycopy(m.data(), src + d, packed, dst, Math.min(DIMS, headDim - d));
            }
        }
    }

    /** Where head dimension {@code d} of the first packed key is. */
    private static int packedAt(int d) {
        return d / DIMS * TILE * OuterProduct.STRIDE + d % DIMS;
    }

    /** Divides a panel's sums by its totals and puts them into the result; zeros where no key was seen. */
    private void write(AttentionProblem p, int kv, int panel, int from, int to) {
        for (int lane = 0; lane < PANEL; lane++) {
            factor[lane] = 1 / total[panel * PANEL + lane];
        }
        int sumPanel = panel * padded(p.headDim) * PANEL;
        rescale(sums, sumPanel, p.headDim, factor);
        int count = Math.min(PANEL, to - from);
        for (int lane = 0; lane < count; lane += GROUP) {
            Quads.copy(sums, sumPanel + lane, PANEL, quads, 0, GROUP, p.headDim, 1);
            int u = from + lane;
            // Lanes behind the last query repeat it, so its row may be written more than once, with the same numbers.
            Quads.separate(
                    quads,
                    0,
                    p.headDim,
                    p.out.data(),
                    result(p, kv, u),
                    result(p, kv, Math.min(u + 1, to - 1)),
                    result(p, kv, Math.min(u + 2, to - 1)),
                    result(p, kv, Math.min(u + 3, to - 1)));
        }
        for (int lane = 0; lane < count; lane++) {
            if (total[panel * PANEL + lane] == 0) {
                int dst = result(p, kv, from + lane);
                Arrays.fill(p.out.data(), dst, dst + p.headDim, 0);
            }
        }
    }

    private static int result(AttentionProblem p, int kv, int u) {
        return p.out.at(u / p.group) + (kv * p.group + u % p.group) * p.headDim;
    }
}
