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

    /** A class of its own, which is not loaded before vectors are used. */
    private static final class Lanes {
        private Lanes() {}

        /** Every lane of the first half, twice. */
        static final VectorShuffle<Float> LOW = VectorShuffle.fromOp(Species.FLOAT, lane -> lane / 2);

        /** Every lane of the second half, twice. */
        static final VectorShuffle<Float> HIGH =
                VectorShuffle.fromOp(Species.FLOAT, lane -> VectorSupport.LANES / 2 + lane / 2);

        /** The even lanes, twice. */
        static final VectorShuffle<Float> EVEN =
                VectorShuffle.fromOp(Species.FLOAT, lane -> 2 * lane % VectorSupport.LANES);

        /** The odd lanes, twice. */
        static final VectorShuffle<Float> ODD =
                VectorShuffle.fromOp(Species.FLOAT, lane -> 2 * lane % VectorSupport.LANES + 1);

        static final VectorMask<Float> ODD_LANES = VectorMask.fromLong(Species.FLOAT, 0xaaaaL);
        static final VectorMask<Float> SECOND_HALF =
                VectorMask.fromLong(Species.FLOAT, -1L << (VectorSupport.LANES / 2));
    }

    /** dst[at + 4c + r] = src[s_r + c] for c in [0, count): rows 0 and 2 are zipped, rows 1 and 3, and then the two. */
    static void interleave(float[] src, int s0, int s1, int s2, int s3, int count, float[] dst, int at) {
        int bound = WarmUp.vectors() ? Species.FLOAT.loopBound(count) : 0;
        for (int c = 0; c < bound; c += VectorSupport.LANES) {
            FloatVector r0 = FloatVector.fromArray(Species.FLOAT, src, s0 + c);
            FloatVector r2 = FloatVector.fromArray(Species.FLOAT, src, s2 + c);
            FloatVector low02 = r0.rearrange(Lanes.LOW).blend(r2.rearrange(Lanes.LOW), Lanes.ODD_LANES);
            FloatVector high02 = r0.rearrange(Lanes.HIGH).blend(r2.rearrange(Lanes.HIGH), Lanes.ODD_LANES);
            FloatVector r1 = FloatVector.fromArray(Species.FLOAT, src, s1 + c);
            FloatVector r3 = FloatVector.fromArray(Species.FLOAT, src, s3 + c);
            FloatVector low13 = r1.rearrange(Lanes.LOW).blend(r3.rearrange(Lanes.LOW), Lanes.ODD_LANES);
            FloatVector high13 = r1.rearrange(Lanes.HIGH).blend(r3.rearrange(Lanes.HIGH), Lanes.ODD_LANES);
            int to = at + 4 * c;
            low02.rearrange(Lanes.LOW)
                    .blend(low13.rearrange(Lanes.LOW), Lanes.ODD_LANES)
                    .intoArray(dst, to);
            low02.rearrange(Lanes.HIGH)
                    .blend(low13.rearrange(Lanes.HIGH), Lanes.ODD_LANES)
                    .intoArray(dst, to + VectorSupport.LANES);
            high02.rearrange(Lanes.LOW)
                    .blend(high13.rearrange(Lanes.LOW), Lanes.ODD_LANES)
                    .intoArray(dst, to + 2 * VectorSupport.LANES);
            high02.rearrange(Lanes.HIGH)
                    .blend(high13.rearrange(Lanes.HIGH), Lanes.ODD_LANES)
                    .intoArray(dst, to + 3 * VectorSupport.LANES);
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
        int bound = WarmUp.vectors() ? Species.FLOAT.loopBound(count) : 0;
        for (int c = 0; c < bound; c += VectorSupport.LANES) {
            int from = at + 4 * c;
            FloatVector q0 = FloatVector.fromArray(Species.FLOAT, src, from);
            FloatVector q1 = FloatVector.fromArray(Species.FLOAT, src, from + VectorSupport.LANES);
            FloatVector low02 = q0.rearrange(Lanes.EVEN).blend(q1.rearrange(Lanes.EVEN), Lanes.SECOND_HALF);
            FloatVector low13 = q0.rearrange(Lanes.ODD).blend(q1.rearrange(Lanes.ODD), Lanes.SECOND_HALF);
            FloatVector q2 = FloatVector.fromArray(Species.FLOAT, src, from + 2 * VectorSupport.LANES);
            FloatVector q3 = FloatVector.fromArray(Species.FLOAT, src, from + 3 * VectorSupport.LANES);
            FloatVector high02 = q2.rearrange(Lanes.EVEN).blend(q3.rearrange(Lanes.EVEN), Lanes.SECOND_HALF);
            FloatVector high13 = q2.rearrange(Lanes.ODD).blend(q3.rearrange(Lanes.ODD), Lanes.SECOND_HALF);
            low02.rearrange(Lanes.EVEN)
                    .blend(high02.rearrange(Lanes.EVEN), Lanes.SECOND_HALF)
                    .intoArray(dst, d0 + c);
            low13.rearrange(Lanes.EVEN)
                    .blend(high13.rearrange(Lanes.EVEN), Lanes.SECOND_HALF)
                    .intoArray(dst, d1 + c);
            low02.rearrange(Lanes.ODD)
                    .blend(high02.rearrange(Lanes.ODD), Lanes.SECOND_HALF)
                    .intoArray(dst, d2 + c);
            low13.rearrange(Lanes.ODD)
                    .blend(high13.rearrange(Lanes.ODD), Lanes.SECOND_HALF)
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
