package dev.pg.kernels;

import static dev.pg.kernels.PageVectors.BLOCK;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The tiles of {@link MaxSim} for pages in float16. The processor's own conversion is out of the Vector API's reach, so the bits are shifted
 * into place, two numbers from each int: sign, exponent and fraction are then those of the number times 2⁻¹¹², as the exponents of the
 * two formats have different biases. The query is multiplied by 2¹¹² instead, so that the products are right
 * to the last bit.
 */
final class MaxSimF16 {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final int LANES = VectorSupport.LANES;
    private static final VectorSpecies<Integer> INT = Species.INT;

    /** What the query is multiplied by: the difference of the biases, as a power of two. */
    static final float QUERY_FACTOR = 0x1p112f;

    private static final int NUMBER = 0x8fffe000; // sign, exponent and fraction, three and thirteen bits apart
    private static final long STEP = (long) BLOCK * Short.BYTES; // bytes from one component to the next

    private MaxSimF16() {}

    /** See {@link MaxSimTile#multiply}. */
    static void multiply(int rows, float[] q, int qo, PageVectors page, int block, float[] products) {
        long from = (long) block * page.dim() * STEP;
        if (rows == MaxSimTile.SMALL) {
            tile4(page.dim(), q, qo, page.data(), from, products);
        } else {
            tile10(page.dim(), q, qo, page.data(), from, products);
        }
    }

    private static void tile4(int dim, float[] q, int qo, MemorySegment page, long from, float[] products) {
        FloatVector a0 = FloatVector.zero(FLOAT);
        FloatVector b0 = FloatVector.zero(FLOAT);
        FloatVector a1 = FloatVector.zero(FLOAT);
        FloatVector b1 = FloatVector.zero(FLOAT);
        FloatVector a2 = FloatVector.zero(FLOAT);
        FloatVector b2 = FloatVector.zero(FLOAT);
        FloatVector a3 = FloatVector.zero(FLOAT);
        FloatVector b3 = FloatVector.zero(FLOAT);
        for (int k = 0; k < dim; k++) {
            IntVector pair = IntVector.fromMemorySegment(INT, page, from + (long) k * STEP, LITTLE_ENDIAN);
            FloatVector a = pair.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(NUMBER)
                    .reinterpretAsFloats();
            FloatVector b = pair.lanewise(VectorOperators.ASHR, 3).and(NUMBER).reinterpretAsFloats();
            int at = qo + k * 4;
            FloatVector q0 = FloatVector.broadcast(FLOAT, q[at]);
            a0 = q0.fma(a, a0);
            b0 = q0.fma(b, b0);
            FloatVector q1 = FloatVector.broadcast(FLOAT, q[at + 1]);
            a1 = q1.fma(a, a1);
            b1 = q1.fma(b, b1);
            FloatVector q2 = FloatVector.broadcast(FLOAT, q[at + 2]);
            a2 = q2.fma(a, a2);
            b2 = q2.fma(b, b2);
            FloatVector q3 = FloatVector.broadcast(FLOAT, q[at + 3]);
            a3 = q3.fma(a, a3);
            b3 = q3.fma(b, b3);
        }
        a0.intoArray(products, 0);
        b0.intoArray(products, LANES);
        a1.intoArray(products, BLOCK);
        b1.intoArray(products, BLOCK + LANES);
        a2.intoArray(products, 2 * BLOCK);
        b2.intoArray(products, 2 * BLOCK + LANES);
        a3.intoArray(products, 3 * BLOCK);
        b3.intoArray(products, 3 * BLOCK + LANES);
    }

    private static void tile10(int dim, float[] q, int qo, MemorySegment page, long from, float[] products) {
        FloatVector a0 = FloatVector.zero(FLOAT);
        FloatVector b0 = FloatVector.zero(FLOAT);
        FloatVector a1 = FloatVector.zero(FLOAT);
        FloatVector b1 = FloatVector.zero(FLOAT);
        FloatVector a2 = FloatVector.zero(FLOAT);
        FloatVector b2 = FloatVector.zero(FLOAT);
        FloatVector a3 = FloatVector.zero(FLOAT);
        FloatVector b3 = FloatVector.zero(FLOAT);
        FloatVector a4 = FloatVector.zero(FLOAT);
        FloatVector b4 = FloatVector.zero(FLOAT);
        FloatVector a5 = FloatVector.zero(FLOAT);
        FloatVector b5 = FloatVector.zero(FLOAT);
        FloatVector a6 = FloatVector.zero(FLOAT);
        FloatVector b6 = FloatVector.zero(FLOAT);
        FloatVector a7 = FloatVector.zero(FLOAT);
        FloatVector b7 = FloatVector.zero(FLOAT);
        FloatVector a8 = FloatVector.zero(FLOAT);
        FloatVector b8 = FloatVector.zero(FLOAT);
        FloatVector a9 = FloatVector.zero(FLOAT);
        FloatVector b9 = FloatVector.zero(FLOAT);
        for (int k = 0; k < dim; k++) {
            IntVector pair = IntVector.fromMemorySegment(INT, page, from + (long) k * STEP, LITTLE_ENDIAN);
            FloatVector a = pair.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(NUMBER)
                    .reinterpretAsFloats();
            FloatVector b = pair.lanewise(VectorOperators.ASHR, 3).and(NUMBER).reinterpretAsFloats();
            int at = qo + k * 10;
            FloatVector q0 = FloatVector.broadcast(FLOAT, q[at]);
            a0 = q0.fma(a, a0);
            b0 = q0.fma(b, b0);
            FloatVector q1 = FloatVector.broadcast(FLOAT, q[at + 1]);
            a1 = q1.fma(a, a1);
            b1 = q1.fma(b, b1);
            FloatVector q2 = FloatVector.broadcast(FLOAT, q[at + 2]);
            a2 = q2.fma(a, a2);
            b2 = q2.fma(b, b2);
            FloatVector q3 = FloatVector.broadcast(FLOAT, q[at + 3]);
            a3 = q3.fma(a, a3);
            b3 = q3.fma(b, b3);
            FloatVector q4 = FloatVector.broadcast(FLOAT, q[at + 4]);
            a4 = q4.fma(a, a4);
            b4 = q4.fma(b, b4);
            FloatVector q5 = FloatVector.broadcast(FLOAT, q[at + 5]);
            a5 = q5.fma(a, a5);
            b5 = q5.fma(b, b5);
            FloatVector q6 = FloatVector.broadcast(FLOAT, q[at + 6]);
            a6 = q6.fma(a, a6);
            b6 = q6.fma(b, b6);
            FloatVector q7 = FloatVector.broadcast(FLOAT, q[at + 7]);
            a7 = q7.fma(a, a7);
            b7 = q7.fma(b, b7);
            FloatVector q8 = FloatVector.broadcast(FLOAT, q[at + 8]);
            a8 = q8.fma(a, a8);
            b8 = q8.fma(b, b8);
            FloatVector q9 = FloatVector.broadcast(FLOAT, q[at + 9]);
            a9 = q9.fma(a, a9);
            b9 = q9.fma(b, b9);
        }
        a0.intoArray(products, 0);
        b0.intoArray(products, LANES);
        a1.intoArray(products, BLOCK);
        b1.intoArray(products, BLOCK + LANES);
        a2.intoArray(products, 2 * BLOCK);
        b2.intoArray(products, 2 * BLOCK + LANES);
        a3.intoArray(products, 3 * BLOCK);
        b3.intoArray(products, 3 * BLOCK + LANES);
        a4.intoArray(products, 4 * BLOCK);
        b4.intoArray(products, 4 * BLOCK + LANES);
        a5.intoArray(products, 5 * BLOCK);
        b5.intoArray(products, 5 * BLOCK + LANES);
        a6.intoArray(products, 6 * BLOCK);
        b6.intoArray(products, 6 * BLOCK + LANES);
        a7.intoArray(products, 7 * BLOCK);
        b7.intoArray(products, 7 * BLOCK + LANES);
        a8.intoArray(products, 8 * BLOCK);
        b8.intoArray(products, 8 * BLOCK + LANES);
        a9.intoArray(products, 9 * BLOCK);
        b9.intoArray(products, 9 * BLOCK + LANES);
    }
}
