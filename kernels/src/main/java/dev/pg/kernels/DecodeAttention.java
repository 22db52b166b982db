package dev.pg.kernels;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport.Species;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Attention for one query, as a decoding step has it: bound by reading the keys and values, which the heads that share them
 * do together, once.
 *
 * <p>The keys are cut into chunks at multiples of {@link #CHUNK}. A task computes one chunk for one key/value head: scores, their
 * maximum, the exponentials, their sum, and the weighted sum of the values. The caller then joins the chunks in order,
 * so long contexts spread over threads and the result does not depend on how many there are.
 */
final class DecodeAttention implements Workers.Task {
    private static final int CHUNK = 64;

    /** Multiply-adds below which waking the team costs more than it saves. */
    private static final int SMALL = 1 << 17;

    private final Workers workers;
    private final AttentionProblem problem;
    private int first; // key that the query sees first
    private int end; // one past the last
    private int firstChunk;
    private int chunks;
    private boolean vectors; // for the whole of a run: the ways to sum columns advance by different steps
    private final float[][] lanes; // per worker: four sums of at most 16 lanes
    private float[] scores = new float[0]; // [heads][chunks][CHUNK], then their exponentials
    private float[] maxima = new float[0]; // [heads][chunks]
    private float[] totals = new float[0]; // [heads][chunks]
    private float[] sums = new float[0]; // [heads][chunks][headDim]

    DecodeAttention(Workers workers, AttentionProblem problem) {
        this.workers = workers;
        this.problem = problem;
        lanes = new float[workers.threads()][4 * 16];
    }

    void run() {
        AttentionProblem p = problem;
        first = p.first(0);
        end = p.end(0);
        if (first >= end) {
            Arrays.fill(p.out.data(), p.out.at(0), p.out.at(0) + p.out.cols(), 0);
            return;
        }
        vectors = WarmUp.vectors();
        firstChunk = first / CHUNK;
        chunks = Math.ceilDiv(end, CHUNK) - firstChunk;
        scores = atLeast(p.heads * chunks * CHUNK, scores);
        maxima = atLeast(p.heads * chunks, maxima);
        totals = atLeast(p.heads * chunks, totals);
        sums = atLeast(p.heads * chunks * p.headDim, sums);
        int tasks = p.kvHeads * chunks;
        if ((long) p.heads * p.headDim * (end - first) < SMALL) {
            for (int i = 0; i < tasks; i++) {
                run(i, 0);
            }
        } else {
            workers.run(tasks, this);
        }
        for (int head = 0; head < p.heads; head++) {
            join(head);
        }
    }

    private static float[] atLeast(int length, float[] array) {
        return length <= array.length ? array : new float[Math.max(length, 2 * array.length)];
    }

    @Override
    public void run(int index, int worker) {
        AttentionProblem p = problem;
        int kv = index % p.kvHeads; // neighbouring tasks read the same rows
        int chunk = index / p.kvHeads;
        int from = Math.max(first, (firstChunk + chunk) * CHUNK);
        int count = Math.min(end, (firstChunk + chunk + 1) * CHUNK) - from;
        int key = p.k.at(from) + kv * p.headDim;
        int value = p.v.at(from) + kv * p.headDim;
        int firstHead = kv * p.group;
        int endHead = firstHead + p.group;
        // Four keys, or some columns of the values, stay in the first-level cache while all heads use them.
        for (int j = 0; j < count; j += 4) {
            for (int head = firstHead; head < endHead; head++) {
                int at = (head * chunks + chunk) * CHUNK + j;
                fourDots(p, p.q.at(0) + head * p.headDim, key, j, count, lanes[worker], at);
            }
        }
        for (int head = firstHead; head < endHead; head++) {
            int part = head * chunks + chunk;
            if (p.softCap > 0) {
                SoftCap.apply(scores, part * CHUNK, count, p.softCap);
            }
            maxima[part] = Softmax.Scalar.max(scores, part * CHUNK, count);
            totals[part] = vectors
                    ? Softmax.Simd.exponentials(scores, part * CHUNK, count, maxima[part], true)
                    : PlainAttention.exponentials(scores, part * CHUNK, count, maxima[part]);
        }
        for (int d = 0; d < p.headDim; d += columns(p.headDim - d)) {
            for (int head = firstHead; head < endHead; head++) {
                int part = head * chunks + chunk;
                int sum = part * p.headDim + d;
                weightedSum(scores, part * CHUNK, count, p.v.data(), value + d, p.v.stride(), p.headDim - d, sums, sum);
            }
        }
    }

    /** Brings the chunks of a head to their common maximum, adds them up and divides by the total. */
    private void join(int head) {
        AttentionProblem p = problem;
        int part = head * chunks;
        float max = Float.NEGATIVE_INFINITY;
        for (int c = 0; c < chunks; c++) {
            max = Math.max(max, maxima[part + c]);
        }
        float total = 0;
        for (int c = 0; c < chunks; c++) {
            maxima[part + c] = Exp.exp(maxima[part + c] - max);
            total = Math.fma(maxima[part + c], totals[part + c], total);
        }
        for (int c = 0; c < chunks; c++) {
            maxima[part + c] /= total;
        }
        int out = p.out.at(0) + head * p.headDim;
        for (int d = 0; d < p.headDim; d += columns(p.headDim - d)) {
            weightedSum(
                    maxima, part, chunks, sums, part * p.headDim + d, p.headDim, p.headDim - d, p.out.data(), out + d);
        }
    }

    private void fourDots(AttentionProblem p, int q, int key, int j, int count, float[] lanes, int at) {
        if (vectors) {
            Simd.fourDots(p, q, key, j, count, lanes, scores, at);
        } else {
            for (int i = 0; i < Math.min(4, count - j); i++) {
                scores[at + i] = PlainAttention.dot(p, q, key + (j + i) * p.k.stride()) * p.scale;
            }
        }
    }

    /** How many columns {@link #weightedSum} does at once when {@code left} are left. */
    private int columns(int left) {
        if (!vectors || left < VectorSupport.LANES) {
            return 1;
        }
        return left >= 4 * VectorSupport.LANES ? 4 * VectorSupport.LANES : VectorSupport.LANES;
    }

    /** sum[c] = Σ_j weights[j] · v[j][c] for the next columns; v has {@code count} rows, {@code stride} floats apart. */
    private void weightedSum(
            float[] weights, int at, int count, float[] v, int vAt, int stride, int left, float[] sum, int sumAt) {
        int columns = columns(left);
        if (columns == 1) {
            float s = 0;
            for (int j = 0; j < count; j++) {
                s = Math.fma(weights[at + j], v[vAt + j * stride], s);
            }
            sum[sumAt] = s;
        } else if (columns == VectorSupport.LANES) {
            Simd.oneColumn(weights, at, count, v, vAt, stride, sum, sumAt);
        } else {
            Simd.fourColumns(weights, at, count, v, vAt, stride, sum, sumAt);
        }
    }

    private static final class Simd {
        private Simd() {}

        /**
         * scores[at + i] = scale · q·k[j + i] for four keys (those from {@code count} on repeat the last). The lanes are added up
         * in memory, which is as fast as with shuffles.
         */
        static void fourDots(
                AttentionProblem p, int qAt, int key, int j, int count, float[] lanes, float[] scores, int at) {
            float[] q = p.q.data();
            float[] k = p.k.data();
            int k0 = key + j * p.k.stride();
            int k1 = key + Math.min(j + 1, count - 1) * p.k.stride();
            int k2 = key + Math.min(j + 2, count - 1) * p.k.stride();
            int k3 = key + Math.min(j + 3, count - 1) * p.k.stride();
            int headDim = p.headDim;
            float scale = p.scale;
            int bound = Species.FLOAT.loopBound(headDim);
            FloatVector s0 = FloatVector.zero(Species.FLOAT);
            FloatVector s1 = FloatVector.zero(Species.FLOAT);
            FloatVector s2 = FloatVector.zero(Species.FLOAT);
            FloatVector s3 = FloatVector.zero(Species.FLOAT);
            for (int d = 0; d < bound; d += VectorSupport.LANES) {
                FloatVector v = FloatVector.fromArray(Species.FLOAT, q, qAt + d);
                s0 = v.fma(FloatVector.fromArray(Species.FLOAT, k, k0 + d), s0);
                s1 = v.fma(FloatVector.fromArray(Species.FLOAT, k, k1 + d), s1);
                s2 = v.fma(FloatVector.fromArray(Species.FLOAT, k, k2 + d), s2);
                s3 = v.fma(FloatVector.fromArray(Species.FLOAT, k, k3 + d), s3);
            }
            s0.intoArray(lanes, 0);
            s1.intoArray(lanes, VectorSupport.LANES);
            s2.intoArray(lanes, 2 * VectorSupport.LANES);
            s3.intoArray(lanes, 3 * VectorSupport.LANES);
            LaneSums.fold(lanes, 0, VectorSupport.LANES, 4);
            float d0 = LaneSums.total(lanes, 0);
            float d1 = LaneSums.total(lanes, VectorSupport.LANES);
            float d2 = LaneSums.total(lanes, 2 * VectorSupport.LANES);
            float d3 = LaneSums.total(lanes, 3 * VectorSupport.LANES);
            for (int d = bound; d < headDim; d++) {
                float v = q[qAt + d];
                d0 = Math.fma(v, k[k0 + d], d0);
                d1 = Math.fma(v, k[k1 + d], d1);
                d2 = Math.fma(v, k[k2 + d], d2);
                d3 = Math.fma(v, k[k3 + d], d3);
            }
            scores[at] = d0 * scale;
            scores[at + 1] = d1 * scale;
            scores[at + 2] = d2 * scale;
            scores[at + 3] = d3 * scale;
        }

        static void fourColumns(
                float[] weights, int at, int count, float[] v, int vAt, int stride, float[] sum, int sumAt) {
            int lanes = VectorSupport.LANES;
            FloatVector s0 = FloatVector.zero(Species.FLOAT);
            FloatVector s1 = FloatVector.zero(Species.FLOAT);
            FloatVector s2 = FloatVector.zero(Species.FLOAT);
            FloatVector s3 = FloatVector.zero(Species.FLOAT);
            for (int j = 0; j < count; j++) {
                FloatVector w = FloatVector.broadcast(Species.FLOAT, weights[at + j]);
                int row = vAt + j * stride;
                s0 = w.fma(FloatVector.fromArray(Species.FLOAT, v, row), s0);
                s1 = w.fma(FloatVector.fromArray(Species.FLOAT, v, row + lanes), s1);
                s2 = w.fma(FloatVector.fromArray(Species.FLOAT, v, row + 2 * lanes), s2);
                s3 = w.fma(FloatVector.fromArray(Species.FLOAT, v, row + 3 * lanes), s3);
            }
            s0.intoArray(sum, sumAt);
            s1.intoArray(sum, sumAt + lanes);
            s2.intoArray(sum, sumAt + 2 * lanes);
            s3.intoArray(sum, sumAt + 3 * lanes);
        }

        static void oneColumn(
                float[] weights, int at, int count, float[] v, int vAt, int stride, float[] sum, int sumAt) {
            FloatVector s = FloatVector.zero(Species.FLOAT);
            for (int j = 0; j < count; j++) {
                s = FloatVector.broadcast(Species.FLOAT, weights[at + j])
                        .fma(FloatVector.fromArray(Species.FLOAT, v, vAt + j * stride), s);
            }
            s.intoArray(sum, sumAt);
        }
    }
}
