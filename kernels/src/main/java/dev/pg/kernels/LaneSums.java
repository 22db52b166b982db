package dev.pg.kernels;

import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Adds up the lanes of vectors that a kernel has stored, as a tree: halves first. */
final class LaneSums {
    private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;

    private LaneSums() {}

    /**
     * Adds lanes until four are left in front, for {@code count} vectors that start {@code step} apart. In scalar code this would take
     * as long as a tenth of the products.
     */
    static void fold(float[] lanes, int from, int step, int count) {
        for (int i = 0; i < count; i++) {
            int at = from + i * step;
            FloatVector low = FloatVector.fromArray(FOUR, lanes, at);
            if (Species.LANES == 16) {
                low = low.add(FloatVector.fromArray(FOUR, lanes, at + 8));
                low = low.add(
                        FloatVector.fromArray(FOUR, lanes, at + 4).add(FloatVector.fromArray(FOUR, lanes, at + 12)));
            } else if (Species.LANES == 8) {
                low = low.add(FloatVector.fromArray(FOUR, lanes, at + 4));
            }
            low.intoArray(lanes, at);
        }
    }

    /** The total of a folded vector. */
    static float total(float[] lanes, int at) {
        return (lanes[at] + lanes[at + 2]) + (lanes[at + 1] + lanes[at + 3]);
    }
}
