package dev.pg.kernels;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Looks up the bounds of groups of a tile: bounds[0][group][row] = low + high, bounds[1][group][row] = low. */
final class TileBounds {
    private static final int TILE = Quantization.TILE;
    private static final int LANES = Species.LANES;

    /** Where the lower bounds begin. */
    static final int LOW = Quantization.BLOCK * TILE;

    /** Floats of the bounds of a block. */
    static final int SIZE = 2 * LOW;

    private TileBounds() {}

    /**
     * Looks up the bounds of some groups.
     *
     * @param at where the codes of the first group lie in {@code w}
     */
    static void lookUp(MemorySegment w, long at, int groups, float[] levels, float[] bounds) {
        IntVector t0 = FloatVector.fromArray(Species.FLOAT, levels, 0).reinterpretAsInts();
        IntVector t1 = FloatVector.fromArray(Species.FLOAT, levels, LANES % 16).reinterpretAsInts();
        IntVector t2 =
                FloatVector.fromArray(Species.FLOAT, levels, 2 * LANES % 16).reinterpretAsInts();
        IntVector t3 =
                FloatVector.fromArray(Species.FLOAT, levels, 3 * LANES % 16).reinterpretAsInts();
        for (int i = 0; i < groups * TILE; i += LANES) {
            IntVector low = (IntVector) ByteVector.fromMemorySegment(Species.BYTE, w, at + i, ByteOrder.LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, Species.INT, 0);
            IntVector high = low.lanewise(LSHR, 4);
            if (LANES == 16) {
                low = low.selectFrom(t0);
                high = high.selectFrom(t0);
            } else if (LANES == 8) {
                // The eighth bit of a code, and the fourth, say in which half of the levels to look.
                high = high.selectFrom(t0)
                        .blend(high.selectFrom(t1), low.lanewise(LSHL, 24).compare(LT, 0));
                low = low.selectFrom(t0)
                        .blend(low.selectFrom(t1), low.lanewise(LSHL, 28).compare(LT, 0));
            } else {
                low = low.selectFrom(t0, t1)
                        .blend(low.selectFrom(t2, t3), low.and(8).compare(NE, 0));
                high = high.selectFrom(t0, t1)
                        .blend(high.selectFrom(t2, t3), high.and(8).compare(NE, 0));
            }
            FloatVector l = low.reinterpretAsFloats();
            l.add(high.reinterpretAsFloats()).intoArray(bounds, i);
            l.intoArray(bounds, LOW + i);
        }
    }
}
