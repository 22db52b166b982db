package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;

/**
 * The two products of {@link DecodeAttention}, four keys or values and two heads at a time: every vector of keys or values that is
 * loaded serves both heads. A head without a second is its own second and is computed twice; arithmetic is not what is scarce.
 */
final class DecodeTile {
    /** Keys, or values, of a tile. */
    static final int ROWS = 4;

    /** Floats of scratch memory for {@link #dots}: eight sums of at most 16 lanes, and a cache line that keeps threads apart. */
    static final int LANE_SUMS = 9 * 16;

    private DecodeTile() {}

    /**
     * scores[to + i · apart] = scale · q·k[key + i · apart] for {@code head}, and from {@code to2} on for {@code second}.
     *
     * @param keys how many, 1 to {@value #ROWS}
     */
    static void dots(
            AttentionProblem p,
            int head,
            int second,
            int key,
            int apart,
            int keys,
            float[] lanes,
            float[] scores,
            int to,
            int to2) {
        int q = p.q.at(0) + head * p.headDim;
        int q2 = p.q.at(0) + second * p.headDim;
        int k = p.k.at(key) + head / p.group * p.headDim;
        if (WarmUp.vectors()) {
            Simd.dots(p, q, q2, k, apart, keys, VectorSupport.LANES, lanes, scores, to, to2);
        } else {
            for (int i = 0; i < keys; i++) {
                int at = k + i * apart * p.k.stride();
                scores[to + i * apart] = PlainAttention.dot(p, q, at) * p.scale;
                scores[to2 + i * apart] = PlainAttention.dot(p, q2, at) * p.scale;
            }
        }
    }

    /**
     * sums[to + c] += Σ_i weights[a + i · step] · rows[from + i · stride + c], in the order of i, for the columns c of one head; with
     * weights from {@code b} on to {@code to2} for the other.
     *
     * @param count number of rows, 1 to {@value #ROWS}
     */
    static void addRows(
            float[] rows,
            int from,
            int stride,
            int count,
            int columns,
            float[] weights,
            int a,
            int b,
            int step,
            float[] sums,
            int to,
            int to2) {
        if (WarmUp.vectors()) {
            Simd.addRows(rows, from, stride, count, columns, weights, a, b, step, sums, to, to2);
        } else {
            PlainAttention.addRows(rows, from, stride, count, columns, weights, a, step, sums, to);
            if (to2 != to) {
                PlainAttention.addRows(rows, from, stride, count, columns, weights, b, step, sums, to2);
            }
        }
    }

    private static final class Simd {
        private Simd() {}

        /**
         * Keys from {@code keys} on repeat the last. The lanes are added up in memory, which is as fast as with shuffles. The step is a parameter
         * so that C2 does not unroll the loop and spill.
         */
        static void dots(
                AttentionProblem p,
                int q,
                int q2,
                int key,
                int apart,
                int keys,
                int step,
                float[] lanes,
                float[] scores,
                int to,
                int to2) {
            float[] queries = p.q.data();
            float[] k = p.k.data();
            int stride = apart * p.k.stride();
            int k1 = key + Math.min(1, keys - 1) * stride;
            int k2 = key + Math.min(2, keys - 1) * stride;
            int k3 = key + Math.min(3, keys - 1) * stride;
            int bound = Species.FLOAT.loopBound(p.headDim);
            FloatVector a0 = FloatVector.zero(Species.FLOAT);
            FloatVector a1 = FloatVector.zero(Species.FLOAT);
            FloatVector a2 = FloatVector.zero(Species.FLOAT);
            FloatVector a3 = FloatVector.zero(Species.FLOAT);
            FloatVector b0 = FloatVector.zero(Species.FLOAT);
            FloatVector b1 = FloatVector.zero(Species.FLOAT);
            FloatVector b2 = FloatVector.zero(Species.FLOAT);
            FloatVector b3 = FloatVector.zero(Species.FLOAT);
            for (int d = 0; d < bound; d += step) {
                FloatVector a = FloatVector.fromArray(Species.FLOAT, queries, q + d);
                FloatVector b = FloatVector.fromArray(Species.FLOAT, queries, q2 + d);
                FloatVector v0 = FloatVector.fromArray(Species.FLOAT, k, key + d);
                a0 = a.fma(v0, a0);
                b0 = b.fma(v0, b0);
                FloatVector v1 = FloatVector.fromArray(Species.FLOAT, k, k1 + d);
                a1 = a.fma(v1, a1);
                b1 = b.fma(v1, b1);
                FloatVector v2 = FloatVector.fromArray(Species.FLOAT, k, k2 + d);
                a2 = a.fma(v2, a2);
                b2 = b.fma(v2, b2);
                FloatVector v3 = FloatVector.fromArray(Species.FLOAT, k, k3 + d);
                a3 = a.fma(v3, a3);
                b3 = b.fma(v3, b3);
            }
            a0.intoArray(lanes, 0);
            a1.intoArray(lanes, VectorSupport.LANES);
            a2.intoArray(lanes, 2 * VectorSupport.LANES);
            a3.intoArray(lanes, 3 * VectorSupport.LANES);
            b0.intoArray(lanes, 4 * VectorSupport.LANES);
            b1.intoArray(lanes, 5 * VectorSupport.LANES);
            b2.intoArray(lanes, 6 * VectorSupport.LANES);
            b3.intoArray(lanes, 7 * VectorSupport.LANES);
            LaneSums.fold(lanes, 0, VectorSupport.LANES, 2 * ROWS);
            for (int i = 0; i < keys; i++) {
                int k0 = key + i * stride;
                float a = LaneSums.total(lanes, i * VectorSupport.LANES);
                float b = LaneSums.total(lanes, (ROWS + i) * VectorSupport.LANES);
                for (int d = bound; d < p.headDim; d++) {
                    a = Math.fma(queries[q + d], k[k0 + d], a);
                    b = Math.fma(queries[q2 + d], k[k0 + d], b);
                }
                scores[to + i * apart] = a * p.scale;
                scores[to2 + i * apart] = b * p.scale;
            }
        }

        /** Rows from {@code count} on repeat the last, with weight 0. */
        static void addRows(
                float[] rows,
                int from,
                int stride,
                int count,
                int columns,
                float[] weights,
                int a,
                int b,
                int step,
                float[] sums,
                int to,
                int to2) {
            int r1 = from + Math.min(1, count - 1) * stride;
            int r2 = from + Math.min(2, count - 1) * stride;
            int r3 = from + Math.min(3, count - 1) * stride;
            float a0 = weights[a];
            float a1 = count > 1 ? weights[a + step] : 0;
            float a2 = count > 2 ? weights[a + 2 * step] : 0;
            float a3 = count > 3 ? weights[a + 3 * step] : 0;
            float b0 = weights[b];
            float b1 = count > 1 ? weights[b + step] : 0;
            float b2 = count > 2 ? weights[b + 2 * step] : 0;
            float b3 = count > 3 ? weights[b + 3 * step] : 0;
            int bound = Species.FLOAT.loopBound(columns);
            for (int c = 0; c < bound; c += VectorSupport.LANES) {
                FloatVector sum = FloatVector.fromArray(Species.FLOAT, sums, to + c);
                FloatVector sum2 = FloatVector.fromArray(Species.FLOAT, sums, to2 + c);
                FloatVector v0 = FloatVector.fromArray(Species.FLOAT, rows, from + c);
                sum = v0.fma(FloatVector.broadcast(Species.FLOAT, a0), sum);
                sum2 = v0.fma(FloatVector.broadcast(Species.FLOAT, b0), sum2);
                FloatVector v1 = FloatVector.fromArray(Species.FLOAT, rows, r1 + c);
                sum = v1.fma(FloatVector.broadcast(Species.FLOAT, a1), sum);
                sum2 = v1.fma(FloatVector.broadcast(Species.FLOAT, b1), sum2);
                FloatVector v2 = FloatVector.fromArray(Species.FLOAT, rows, r2 + c);
                sum = v2.fma(FloatVector.broadcast(Species.FLOAT, a2), sum);
                sum2 = v2.fma(FloatVector.broadcast(Species.FLOAT, b2), sum2);
                FloatVector v3 = FloatVector.fromArray(Species.FLOAT, rows, r3 + c);
                v3.fma(FloatVector.broadcast(Species.FLOAT, a3), sum).intoArray(sums, to + c);
                v3.fma(FloatVector.broadcast(Species.FLOAT, b3), sum2).intoArray(sums, to2 + c);
            }
            for (int c = bound; c < columns; c++) {
                float v0 = rows[from + c];
                float v1 = rows[r1 + c];
                float v2 = rows[r2 + c];
                float v3 = rows[r3 + c];
                float sum = Math.fma(a3, v3, Math.fma(a2, v2, Math.fma(a1, v1, Math.fma(a0, v0, sums[to + c]))));
                float sum2 = Math.fma(b3, v3, Math.fma(b2, v2, Math.fma(b1, v1, Math.fma(b0, v0, sums[to2 + c]))));
                sums[to + c] = sum;
                sums[to2 + c] = sum2;
            }
        }
    }
}
