package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Adds up the lanes of vectors that a kernel has stored, as a tree: halves first.
 *
 * <p>Quarters of a vector would do, but the house uses float vectors of one shape only: where C2 has seen two, it compiles every
 * {@code intoArray} for both, and a sum that a loop carries to it is boxed in each pass of the loop.
 */
final class LaneSums {
    private LaneSums() {}

    /** A class of its own, which is not loaded before vectors are used. */
    private static final class Upper {
        private Upper() {}

        static final VectorShuffle<Float> EIGHT = down(8);
        static final VectorShuffle<Float> FOUR = down(4);

        /** Moves lane i + {@code lanes} to lane i. */
        private static VectorShuffle<Float> down(int lanes) {
            return VectorShuffle.fromOp(Species.FLOAT, lane -> (lane + lanes) % VectorSupport.LANES);
        }
    }

    /**
     * Adds lanes until four are left in front, for {@code count} vectors that start {@code step} apart. In scalar code this would take
     * as long as a tenth of the products.
     */
    static void fold(float[] lanes, int from, int step, int count) {
        if (VectorSupport.LANES == 4) {
            return;
        }
        if (!WarmUp.vectors()) {
            for (int i = 0; i < count; i++) {
                plainFold(lanes, from + i * step, 4);
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            int at = from + i * step;
            FloatVector sum = FloatVector.fromArray(Species.FLOAT, lanes, at);
            if (VectorSupport.LANES == 16) {
                sum = sum.add(sum.rearrange(Upper.EIGHT));
            }
            sum.add(sum.rearrange(Upper.FOUR)).intoArray(lanes, at);
        }
    }

    /** The sum of all lanes of one vector, which {@link #fold} and {@link #total} give too; overwrites them. */
    static float sum(float[] lanes) {
        plainFold(lanes, 0, 1);
        return lanes[0];
    }

    private static void plainFold(float[] lanes, int at, int left) {
        for (int half = VectorSupport.LANES / 2; half >= left; half /= 2) {
            for (int i = at; i < at + half; i++) {
                lanes[i] += lanes[i + half];
            }
        }
    }

    /** The total of a folded vector. */
    static float total(float[] lanes, int at) {
        return (lanes[at] + lanes[at + 2]) + (lanes[at + 1] + lanes[at + 3]);
    }
}
