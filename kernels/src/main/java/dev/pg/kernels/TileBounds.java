package dev.pg.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Looks up the bounds of groups of a tile: bounds[0][group][row] = low + high, bounds[1][group][row] = low. */
final class TileBounds {
    private static final int TILE = Quantization.TILE;
    private static final int LANES = VectorSupport.LANES;

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
        // Two loops, since the vectors of both bounds are more than AVX2 has registers. With half of the levels in a
        // vector, the highest bit of
        // a level's number says which half.
        int count = groups * TILE;
        for (int i = 0; i < count; i += LANES) {
            IntVector low = (IntVector) ByteVector.fromMemorySegment(Species.BYTE, w, at + i, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, Species.INT, 0);
            if (LANES == 16) {
                low = low.selectFrom(t0);
            } else if (LANES == 8) {
                low = low.selectFrom(t0)
                        .blend(low.selectFrom(t1), low.lanewise(LSHL, 28).compare(LT, 0));
            } else {
                low = low.selectFrom(t0, t1)
                        .blend(low.selectFrom(t2, t3), low.lanewise(LSHL, 28).compare(LT, 0));
            }
            low.reinterpretAsFloats().intoArray(bounds, LOW + i);
        }
        for (int i = 0; i < count; i += LANES) {
            IntVector high = ((IntVector) ByteVector.fromMemorySegment(Species.BYTE, w, at + i, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_B2I, Species.INT, 0))
                    .lanewise(LSHR, 4);
            if (LANES == 16) {
                high = high.selectFrom(t0);
            } else if (LANES == 8) {
                high = high.selectFrom(t0)
                        .blend(high.selectFrom(t1), high.lanewise(LSHL, 28).compare(LT, 0));
            } else {
                high = high.selectFrom(t0, t1)
                        .blend(high.selectFrom(t2, t3), high.lanewise(LSHL, 28).compare(LT, 0));
            }
            FloatVector low = FloatVector.fromArray(Species.FLOAT, bounds, LOW + i);
            high.reinterpretAsFloats().add(low).intoArray(bounds, i);
        }
    }
}
