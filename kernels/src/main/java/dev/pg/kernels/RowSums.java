package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;

/** Sums over a row, in float lanes and a fixed order, for the norms. */
final class RowSums {
    private RowSums() {}

    /** Σ (x[i] - center) over [offset, offset + count). */
    static float sum(float[] x, int offset, int count, float center) {
        if (!WarmUp.vectors()) {
            return plainSum(x, offset, count, center);
        }
        int bound = Species.FLOAT.loopBound(count);
        FloatVector sums = FloatVector.zero(Species.FLOAT);
        for (int i = offset; i < offset + bound; i += VectorSupport.LANES) {
            sums = sums.add(FloatVector.fromArray(Species.FLOAT, x, i).sub(center));
        }
        if (VectorSupport.LANES >= 16) {
            sums = sums.add(sums.rearrange(Species.ROTATE_8));
        }
        if (VectorSupport.LANES >= 8) {
            sums = sums.add(sums.rearrange(Species.ROTATE_4));
        }
        sums = sums.add(sums.rearrange(Species.ROTATE_2));
        sums = sums.add(sums.rearrange(Species.ROTATE_1));
        float sum = sums.lane(0);
        for (int i = offset + bound; i < offset + count; i++) {
            sum += x[i] - center;
        }
        return sum;
    }

    /** Σ (x[i] - center)² over [offset, offset + count). */
    static float squares(float[] x, int offset, int count, float center) {
        if (!WarmUp.vectors()) {
            return plainSquares(x, offset, count, center);
        }
        int bound = Species.FLOAT.loopBound(count);
        FloatVector sums = FloatVector.zero(Species.FLOAT);
        for (int i = offset; i < offset + bound; i += VectorSupport.LANES) {
            FloatVector d = FloatVector.fromArray(Species.FLOAT, x, i).sub(center);
            sums = d.fma(d, sums);
        }
        if (VectorSupport.LANES >= 16) {
            sums = sums.add(sums.rearrange(Species.ROTATE_8));
        }
        if (VectorSupport.LANES >= 8) {
            sums = sums.add(sums.rearrange(Species.ROTATE_4));
        }
        sums = sums.add(sums.rearrange(Species.ROTATE_2));
        sums = sums.add(sums.rearrange(Species.ROTATE_1));
        float sum = sums.lane(0);
        for (int i = offset + bound; i < offset + count; i++) {
            float d = x[i] - center;
            sum = Math.fma(d, d, sum);
        }
        return sum;
    }

    private static float plainSum(float[] x, int offset, int count, float center) {
        float[] lanes = new float[VectorSupport.LANES];
        int bound = count - count % VectorSupport.LANES;
        for (int i = 0; i < bound; i++) {
            lanes[i % VectorSupport.LANES] += x[offset + i] - center;
        }
        float sum = LaneSums.sum(lanes);
        for (int i = offset + bound; i < offset + count; i++) {
            sum += x[i] - center;
        }
        return sum;
    }

    private static float plainSquares(float[] x, int offset, int count, float center) {
        float[] lanes = new float[VectorSupport.LANES];
        int bound = count - count % VectorSupport.LANES;
        for (int i = 0; i < bound; i++) {
            float d = x[offset + i] - center;
            lanes[i % VectorSupport.LANES] = Math.fma(d, d, lanes[i % VectorSupport.LANES]);
        }
        float sum = LaneSums.sum(lanes);
        for (int i = offset + bound; i < offset + count; i++) {
            float d = x[i] - center;
            sum = Math.fma(d, d, sum);
        }
        return sum;
    }
}
