package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Moves rows in and out of groups of four: [4 × count] to [count × 4] and back. Attention packs its operands this way, and element
 * by element that took a quarter of its time.
 */
final class Quads {
    private Quads() {}

    /** Columns of a vector of quads. */
    private static final int COLUMNS = Species.LANES / 4;

    private static final VectorMask<Float> LANES_1 = lanesOfRow(1);
    private static final VectorMask<Float> LANES_2 = lanesOfRow(2);
    private static final VectorMask<Float> LANES_3 = lanesOfRow(3);
    private static final VectorShuffle<Float> SPREAD_0 = spread(0);
    private static final VectorShuffle<Float> SPREAD_1 = spread(1);
    private static final VectorShuffle<Float> SPREAD_2 = spread(2);
    private static final VectorShuffle<Float> SPREAD_3 = spread(3);

    private static final VectorMask<Float> QUARTER_1 = quarter(1);
    private static final VectorMask<Float> QUARTER_2 = quarter(2);
    private static final VectorMask<Float> QUARTER_3 = quarter(3);
    private static final VectorShuffle<Float> COLLECT_0 = collect(0);
    private static final VectorShuffle<Float> COLLECT_1 = collect(1);
    private static final VectorShuffle<Float> COLLECT_2 = collect(2);
    private static final VectorShuffle<Float> COLLECT_3 = collect(3);

    /** The lanes of a vector of quads that hold row {@code r}. */
    private static VectorMask<Float> lanesOfRow(int r) {
        return VectorMask.fromLong(Species.FLOAT, 0x1111L << r);
    }

    /** Every lane of the {@code part}-th quarter of a row, four times. */
    private static VectorShuffle<Float> spread(int part) {
        return VectorShuffle.fromOp(Species.FLOAT, lane -> lane / 4 + part * COLUMNS);
    }

    private static VectorMask<Float> quarter(int part) {
        return VectorMask.fromLong(Species.FLOAT, ((1L << COLUMNS) - 1) << (part * COLUMNS));
    }

    /** Every lane of row {@code r}, once in each quarter. */
    private static VectorShuffle<Float> collect(int r) {
        return VectorShuffle.fromOp(Species.FLOAT, lane -> lane % COLUMNS * 4 + r);
    }

    /** dst[at + 4c + r] = src[s_r + c] for c in [0, count). */
    static void interleave(float[] src, int s0, int s1, int s2, int s3, int count, float[] dst, int at) {
        int bound = Species.FLOAT.loopBound(count);
        for (int c = 0; c < bound; c += Species.LANES) {
            FloatVector r0 = FloatVector.fromArray(Species.FLOAT, src, s0 + c);
            FloatVector r1 = FloatVector.fromArray(Species.FLOAT, src, s1 + c);
            FloatVector r2 = FloatVector.fromArray(Species.FLOAT, src, s2 + c);
            FloatVector r3 = FloatVector.fromArray(Species.FLOAT, src, s3 + c);
            int to = at + 4 * c;
            r0.rearrange(SPREAD_0)
                    .blend(r1.rearrange(SPREAD_0), LANES_1)
                    .blend(r2.rearrange(SPREAD_0), LANES_2)
                    .blend(r3.rearrange(SPREAD_0), LANES_3)
                    .intoArray(dst, to);
            r0.rearrange(SPREAD_1)
                    .blend(r1.rearrange(SPREAD_1), LANES_1)
                    .blend(r2.rearrange(SPREAD_1), LANES_2)
                    .blend(r3.rearrange(SPREAD_1), LANES_3)
                    .intoArray(dst, to + Species.LANES);
            r0.rearrange(SPREAD_2)
                    .blend(r1.rearrange(SPREAD_2), LANES_1)
                    .blend(r2.rearrange(SPREAD_2), LANES_2)
                    .blend(r3.rearrange(SPREAD_2), LANES_3)
                    .intoArray(dst, to + 2 * Species.LANES);
            r0.rearrange(SPREAD_3)
                    .blend(r1.rearrange(SPREAD_3), LANES_1)
                    .blend(r2.rearrange(SPREAD_3), LANES_2)
                    .blend(r3.rearrange(SPREAD_3), LANES_3)
                    .intoArray(dst, to + 3 * Species.LANES);
        }
        for (int c = bound; c < count; c++) {
            dst[at + 4 * c] = src[s0 + c];
            dst[at + 4 * c + 1] = src[s1 + c];
            dst[at + 4 * c + 2] = src[s2 + c];
            dst[at + 4 * c + 3] = src[s3 + c];
        }
    }

    /** dst[d_r + c] = src[at + 4c + r] for c in [0, count): the way back. */
    static void separate(float[] src, int at, int count, float[] dst, int d0, int d1, int d2, int d3) {
        int bound = Species.FLOAT.loopBound(count);
        for (int c = 0; c < bound; c += Species.LANES) {
            int from = at + 4 * c;
            FloatVector q0 = FloatVector.fromArray(Species.FLOAT, src, from);
            FloatVector q1 = FloatVector.fromArray(Species.FLOAT, src, from + Species.LANES);
            FloatVector q2 = FloatVector.fromArray(Species.FLOAT, src, from + 2 * Species.LANES);
            FloatVector q3 = FloatVector.fromArray(Species.FLOAT, src, from + 3 * Species.LANES);
            q0.rearrange(COLLECT_0)
                    .blend(q1.rearrange(COLLECT_0), QUARTER_1)
                    .blend(q2.rearrange(COLLECT_0), QUARTER_2)
                    .blend(q3.rearrange(COLLECT_0), QUARTER_3)
                    .intoArray(dst, d0 + c);
            q0.rearrange(COLLECT_1)
                    .blend(q1.rearrange(COLLECT_1), QUARTER_1)
                    .blend(q2.rearrange(COLLECT_1), QUARTER_2)
                    .blend(q3.rearrange(COLLECT_1), QUARTER_3)
                    .intoArray(dst, d1 + c);
            q0.rearrange(COLLECT_2)
                    .blend(q1.rearrange(COLLECT_2), QUARTER_1)
                    .blend(q2.rearrange(COLLECT_2), QUARTER_2)
                    .blend(q3.rearrange(COLLECT_2), QUARTER_3)
                    .intoArray(dst, d2 + c);
            q0.rearrange(COLLECT_3)
                    .blend(q1.rearrange(COLLECT_3), QUARTER_1)
                    .blend(q2.rearrange(COLLECT_3), QUARTER_2)
                    .blend(q3.rearrange(COLLECT_3), QUARTER_3)
                    .intoArray(dst, d3 + c);
        }
        for (int c = bound; c < count; c++) {
            dst[d0 + c] = src[at + 4 * c];
            dst[d1 + c] = src[at + 4 * c + 1];
            dst[d2 + c] = src[at + 4 * c + 2];
            dst[d3 + c] = src[at + 4 * c + 3];
        }
    }

    /**
     * Copies {@code count} groups of four, {@code srcStride} and {@code dstStride} floats apart, times {@code factor}. Not by vectors of
     * four lanes, for the reason that {@link LaneSums} gives.
     */
    static void copy(
            float[] src, int from, int srcStride, float[] dst, int to, int dstStride, int count, float factor) {
        for (int i = 0; i < count; i++) {
            int s = from + i * srcStride;
            int d = to + i * dstStride;
            dst[d] = src[s] * factor;
            dst[d + 1] = src[s + 1] * factor;
            dst[d + 2] = src[s + 2] * factor;
            dst[d + 3] = src[s + 3] * factor;
        }
    }
}
