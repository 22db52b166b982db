package dev.pg.kernels;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport.Species;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Rotary position embedding (Su et al., arXiv 2104.09864) in the half-split form of Gemma: at position p the pair
 * (x[i], x[i + headDim/2]) turns by the angle p · theta^(-2i/headDim).
 *
 * <p>Frequencies and angles are rounded to float32 as in the reference ({@code GemmaRotaryEmbedding}), because at large positions
 * that rounding is larger than any other error; their cosine and sine are exact to float32.
 *
 * <p>Thread-safe: the tables are immutable and replaced as a whole when a larger position is asked for.
 */
public final class Rope {
    private final int headDim;
    private final float[] frequencies; // [headDim / 2]
    private volatile Table table = new Table(0, new float[0], new float[0]);

    /** Cosine and sine for positions [0, positions): each [positions × headDim/2]. */
    @SuppressWarnings("ArrayRecordComponent") // private, and compared by nobody
    private record Table(int positions, float[] cos, float[] sin) {}

    /**
     * @param headDim size of a head, even
     * @param theta base of the frequencies, 10000 in Gemma
     */
    public Rope(int headDim, float theta) {
        if (headDim <= 0 || headDim % 2 != 0) {
            throw new IllegalArgumentException("rope needs an even head size, not " + headDim);
        }
        this.headDim = headDim;
        this.frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = 1 / (float) StrictMath.pow(theta, (float) (2 * i) / headDim);
        }
    }

    /**
     * Rotates all heads of all rows of {@code x} in place; row r stands at position {@code firstPosition + r}.
     *
     * @param x [n × headCount·headDim], may be a column window
     */
    public void apply(Workers team, Matrix x, int headCount, int firstPosition) {
        if (x.cols() != headCount * headDim) {
            throw new IllegalArgumentException(
                    "rope over " + headCount + " heads of " + headDim + " does not fit " + x.cols() + " columns");
        }
        Table t = upTo(firstPosition + x.rows());
        if (RowTasks.few(x.rows(), x.cols())) {
            rows(t, x, headCount, firstPosition, 0, x.rows());
        } else {
            RowTasks.run(team, x.rows(), x.cols(), (from, to) -> rows(t, x, headCount, firstPosition, from, to));
        }
    }

    private void rows(Table t, Matrix x, int headCount, int firstPosition, int from, int to) {
        int half = headDim / 2;
        for (int r = from; r < to; r++) {
            for (int h = 0; h < headCount; h++) {
                int head = x.at(r) + h * headDim;
                if (WarmUp.vectors()) {
                    Simd.rotate(x.data(), head, head + half, half, t.cos, t.sin, (firstPosition + r) * half);
                } else {
                    Scalar.rotate(x.data(), head, head + half, half, t.cos, t.sin, (firstPosition + r) * half);
                }
            }
        }
    }

    private Table upTo(int positions) {
        Table t = table;
        return positions <= t.positions ? t : grow(positions);
    }

    private synchronized Table grow(int positions) {
        Table old = table;
        if (positions <= old.positions) {
            return old;
        }
        int half = headDim / 2;
        int grown = Math.max(positions, old.positions + old.positions / 2);
        float[] cos = Arrays.copyOf(old.cos, Math.multiplyExact(grown, half));
        float[] sin = Arrays.copyOf(old.sin, cos.length);
        for (int p = old.positions; p < grown; p++) {
            for (int i = 0; i < half; i++) {
                float angle = p * frequencies[i];
                cos[p * half + i] = (float) StrictMath.cos(angle);
                sin[p * half + i] = (float) StrictMath.sin(angle);
            }
        }
        table = new Table(grown, cos, sin);
        return table;
    }

    static final class Scalar {
        private Scalar() {}

        static void rotate(float[] x, int first, int second, int count, float[] cos, float[] sin, int angle) {
            for (int i = 0; i < count; i++) {
                float c = cos[angle + i];
                float s = sin[angle + i];
                float a = x[first + i];
                float b = x[second + i];
                x[first + i] = Math.fma(a, c, -(b * s));
                x[second + i] = Math.fma(b, c, a * s);
            }
        }
    }

    static final class Simd {
        private Simd() {}

        static void rotate(float[] x, int first, int second, int count, float[] cos, float[] sin, int angle) {
            int bound = Species.FLOAT.loopBound(count);
            for (int i = 0; i < bound; i += VectorSupport.LANES) {
                FloatVector c = FloatVector.fromArray(Species.FLOAT, cos, angle + i);
                FloatVector s = FloatVector.fromArray(Species.FLOAT, sin, angle + i);
                FloatVector a = FloatVector.fromArray(Species.FLOAT, x, first + i);
                FloatVector b = FloatVector.fromArray(Species.FLOAT, x, second + i);
                a.fma(c, b.mul(s).neg()).intoArray(x, first + i);
                b.fma(c, a.mul(s)).intoArray(x, second + i);
            }
            Scalar.rotate(x, first + bound, second + bound, count - bound, cos, sin, angle + bound);
        }
    }
}
