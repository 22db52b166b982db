package dev.pg.kernels;

import dev.pg.core.Workers;
import java.util.Arrays;

/**
 * Attention for one query of each of some sequences, as a decoding step has it: bound by reading the keys and values, which the
 * heads that share them do together, once.
 *
 * <p>The keys of a sequence are cut into chunks at multiples of {@link #CHUNK}. A task computes one chunk: scores, their
 * maximum, the exponentials, their sum, and the weighted sum of the values. In a second round the chunks of each head are joined in
 * order. So long contexts spread over threads, and the result depends neither on how many there are nor on the sequences
 * beside it.
 *
 * <p>The four keys of a {@link DecodeTile} come from the four quarters of the chunk. Each quarter is one straight stream then, for which the
 * processor reads ahead; four neighbours, a page each in Gemma 2, are four new streams in every tile, at two thirds of the speed.
 */
final class DecodeAttention {
    private static final int CHUNK = 64;

    /** Multiply-adds below which waking the team costs more than it saves. */
    private static final int SMALL = 1 << 17;

    private final Workers workers;
    private final Workers.Task chunkTask = this::computeChunk; // kept, since a step allocates nothing
    private final Workers.Task joinTask = this::join;
    private final float[][] lanes; // per worker

    private AttentionProblem[] problems;
    private int headsPerTask; // all, or those of one key/value head if there are few chunks for many threads
    private int[] firstPart = new int[2]; // of each sequence, and the end of the last: its parts are its chunks
    private float[] scores = new float[0]; // [parts][heads][CHUNK], then their exponentials
    private float[] maxima = new float[0]; // [parts][heads]
    private float[] totals = new float[0]; // [parts][heads]
    private float[] sums = new float[0]; // [parts][heads][headDim]

    DecodeAttention(Workers workers) {
        this.workers = workers;
        lanes = new float[workers.threads()][DecodeTile.LANE_SUMS];
    }

    /** Solves the first {@code count} problems, of one query each and alike in all but their operands and masks. */
    void run(AttentionProblem[] problems, int count) {
        this.problems = problems;
        if (firstPart.length <= count) {
            firstPart = new int[2 * count];
        }
        int parts = 0;
        for (int s = 0; s < count; s++) {
            int first = problems[s].first(0);
            int end = problems[s].end(0);
            firstPart[s] = parts;
            parts += first < end ? Math.ceilDiv(end, CHUNK) - first / CHUNK : 0;
        }
        firstPart[count] = parts;
        int heads = problems[0].heads;
        int headDim = problems[0].headDim;
        scores = atLeast(parts * heads * CHUNK, scores);
        maxima = atLeast(parts * heads, maxima);
        totals = atLeast(parts * heads, totals);
        sums = atLeast(parts * heads * headDim, sums);
        headsPerTask = parts < 2 * workers.threads() ? problems[0].group : heads;
        round(parts * (heads / headsPerTask), chunkTask, (long) parts * CHUNK * heads * headDim);
        round(count * heads, joinTask, (long) parts * heads * headDim);
    }

    private static float[] atLeast(int length, float[] array) {
        return length <= array.length ? array : new float[Math.max(length, 2 * array.length)];
    }

    private void round(int tasks, Workers.Task task, long multiplyAdds) {
        if (multiplyAdds < SMALL) {
            for (int i = 0; i < tasks; i++) {
                task.run(i, 0);
            }
        } else {
            workers.run(tasks, task);
        }
    }

    private void computeChunk(int index, int worker) {
        int tasksPerPart = problems[0].heads / headsPerTask;
        int part = index / tasksPerPart;
        int sequence = 0;
        while (part >= firstPart[sequence + 1]) {
            sequence++;
        }
        AttentionProblem p = problems[sequence];
        int first = p.first(0);
        int chunk = first / CHUNK + part - firstPart[sequence];
        int from = Math.max(first, chunk * CHUNK);
        int count = Math.min(p.end(0), (chunk + 1) * CHUNK) - from;
        int quarter = Math.ceilDiv(count, DecodeTile.ROWS);
        int firstHead = index % tasksPerPart * headsPerTask;
        int endHead = firstHead + headsPerTask;
        int row = part * p.heads; // of scores, maxima, totals and sums
        for (int i = 0; i < quarter; i++) {
            int keys = Math.ceilDiv(count - i, quarter); // the last quarter may be shorter
            for (int head = firstHead; head < endHead; head = nextPair(head, p)) {
                int to = (row + head) * CHUNK + i;
                int to2 = (row + secondOfPair(head, p)) * CHUNK + i;
                DecodeTile.dots(
                        p, head, secondOfPair(head, p), from + i, quarter, keys, lanes[worker], scores, to, to2);
            }
        }
        for (int r = row + firstHead; r < row + endHead; r++) {
            if (p.softCap > 0) {
                SoftCap.apply(scores, r * CHUNK, count, p.softCap);
            }
            maxima[r] = Softmax.Scalar.max(scores, r * CHUNK, count);
            totals[r] = WarmUp.vectors()
                    ? Softmax.Simd.exponentials(scores, r * CHUNK, count, maxima[r], true)
                    : PlainAttention.exponentials(scores, r * CHUNK, count, maxima[r]);
        }
        Arrays.fill(sums, (row + firstHead) * p.headDim, (row + endHead) * p.headDim, 0);
        for (int i = 0; i < quarter; i++) {
            int values = Math.ceilDiv(count - i, quarter);
            for (int head = firstHead; head < endHead; head = nextPair(head, p)) {
                int a = row + head;
                int b = row + secondOfPair(head, p);
                int value = p.v.at(from + i) + head / p.group * p.headDim;
                DecodeTile.addRows(
                        p.v.data(),
                        value,
                        quarter * p.v.stride(),
                        values,
                        p.headDim,
                        scores,
                        a * CHUNK + i,
                        b * CHUNK + i,
                        quarter,
                        sums,
                        a * p.headDim,
                        b * p.headDim);
            }
        }
    }

    /** The head that is computed along with {@code head} since it reads the same keys; {@code head} itself if there is none. */
    private static int secondOfPair(int head, AttentionProblem p) {
        return head % p.group + 1 < p.group ? head + 1 : head;
    }

    private static int nextPair(int head, AttentionProblem p) {
        return secondOfPair(head, p) + 1;
    }

    /** Brings the chunks of a head to their common maximum, adds them up and divides by the total. */
    private void join(int index, int worker) {
        AttentionProblem p = problems[index / problems[0].heads];
        int head = index % p.heads;
        int from = firstPart[index / p.heads] * p.heads + head;
        int end = firstPart[index / p.heads + 1] * p.heads;
        float max = Float.NEGATIVE_INFINITY;
        for (int r = from; r < end; r += p.heads) {
            max = Math.max(max, maxima[r]);
        }
        float total = 0;
        for (int r = from; r < end; r += p.heads) {
            maxima[r] = Exp.exp(maxima[r] - max);
            total = Math.fma(maxima[r], totals[r], total);
        }
        for (int r = from; r < end; r += p.heads) {
            maxima[r] /= total;
        }
        int out = p.out.at(0) + head * p.headDim;
        Arrays.fill(p.out.data(), out, out + p.headDim, 0);
        for (int r = from; r < end; r += DecodeTile.ROWS * p.heads) {
            int rows = Math.min(DecodeTile.ROWS, Math.ceilDiv(end - r, p.heads));
            DecodeTile.addRows(
                    sums,
                    r * p.headDim,
                    p.heads * p.headDim,
                    rows,
                    p.headDim,
                    maxima,
                    r,
                    r,
                    p.heads,
                    p.out.data(),
                    out,
                    out);
        }
    }
}
