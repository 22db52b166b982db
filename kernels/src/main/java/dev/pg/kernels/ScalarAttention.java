package dev.pg.kernels;

import dev.pg.core.Workers;
import java.util.Arrays;

/** The scalar twin of {@link FlashAttention} and {@link DecodeAttention}: one task per query row and head. */
final class ScalarAttention implements Workers.Task {
    private final Workers workers;
    private AttentionProblem problem;
    private final float[][] scores; // [worker][keys]

    ScalarAttention(Workers workers) {
        this.workers = workers;
        this.scores = new float[workers.threads()][0];
    }

    void run(AttentionProblem problem) {
        this.problem = problem;
        workers.run(problem.queries * problem.heads, this);
    }

    @Override
    public void run(int index, int worker) {
        AttentionProblem p = problem;
        if (scores[worker].length < p.keys) {
            scores[worker] = new float[Math.max(p.keys, 2 * scores[worker].length)];
        }
        int row = index / p.heads;
        int head = index % p.heads;
        float[] s = scores[worker];
        float[] out = p.out.data();
        int q = p.q.at(row) + head * p.headDim;
        int o = p.out.at(row) + head * p.headDim;
        int kv = head / p.group * p.headDim;
        int first = p.first(row);
        int count = p.end(row) - first;
        if (count <= 0) {
            Arrays.fill(out, o, o + p.headDim, 0);
            return;
        }
        for (int j = 0; j < count; j++) {
            s[j] = p.scale * dot(p.q.data(), q, p.k.data(), p.k.at(first + j) + kv, p.headDim);
        }
        if (p.softCap > 0) {
            SoftCap.Scalar.apply(s, 0, count, p.softCap);
        }
        Softmax.Scalar.apply(s, 0, count);
        Arrays.fill(out, o, o + p.headDim, 0);
        for (int j = 0; j < count; j++) {
            addScaled(s[j], p.v.data(), p.v.at(first + j) + kv, out, o, p.headDim);
        }
    }

    private static float dot(float[] x, int xOffset, float[] y, int yOffset, int count) {
        float sum = 0;
        for (int i = 0; i < count; i++) {
            sum = Math.fma(x[xOffset + i], y[yOffset + i], sum);
        }
        return sum;
    }

    private static void addScaled(float factor, float[] x, int xOffset, float[] y, int yOffset, int count) {
        for (int i = 0; i < count; i++) {
            y[yOffset + i] = Math.fma(factor, x[xOffset + i], y[yOffset + i]);
        }
    }
}
