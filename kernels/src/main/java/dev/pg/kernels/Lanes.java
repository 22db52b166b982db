package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/**
 * Reduces the lanes of a vector in a fixed order: halves are folded onto each other until one lane is left. The order of
 * {@code reduceLanes} is undefined and changes between interpreted and compiled code.
 */
final class Lanes {
    private Lanes() {}

    private static final VectorShuffle<Float> ROTATE_8 = rotate(8);
    private static final VectorShuffle<Float> ROTATE_4 = rotate(4);
    private static final VectorShuffle<Float> ROTATE_2 = rotate(2);
    private static final VectorShuffle<Float> ROTATE_1 = rotate(1);

    private static VectorShuffle<Float> rotate(int by) {
        return VectorShuffle.iota(Species.FLOAT, by % Species.LANES, 1, true);
    }

    static float sum(FloatVector v) {
        FloatVector t = v;
        if (Species.LANES >= 16) {
            t = t.add(t.rearrange(ROTATE_8));
        }
        if (Species.LANES >= 8) {
            t = t.add(t.rearrange(ROTATE_4));
        }
        t = t.add(t.rearrange(ROTATE_2));
        return t.add(t.rearrange(ROTATE_1)).lane(0);
    }

    /** The largest lane; a NaN may be passed over. */
    static float max(FloatVector v) {
        FloatVector t = v;
        if (Species.LANES >= 16) {
            t = larger(t, t.rearrange(ROTATE_8));
        }
        if (Species.LANES >= 8) {
            t = larger(t, t.rearrange(ROTATE_4));
        }
        t = larger(t, t.rearrange(ROTATE_2));
        return larger(t, t.rearrange(ROTATE_1)).lane(0);
    }

    /** Lane by lane {@code b > a ? b : a}: two instructions, where the NaN rules of {@code max} take five. */
    static FloatVector larger(FloatVector a, FloatVector b) {
        return a.blend(b, b.compare(VectorOperators.GT, a));
    }
}
