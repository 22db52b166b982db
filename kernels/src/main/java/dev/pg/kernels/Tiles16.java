package dev.pg.kernels;

import static dev.pg.kernels.PackedGemm.STRIDE;
import static dev.pg.kernels.VectorSupport.Species.FLOAT;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Tiles for 16 vector registers (AVX2 and older): eight or nine sums, the most that C2 keeps in registers beside the operands. 4 rows
 * × 2 vectors reach the whole peak of the multiply-add units, 3 × 3 almost.
 */
final class Tiles16 implements Tile {
    private static final int LANES = VectorSupport.LANES;

    /** Of a vector. */
    private static final long BYTES = FLOAT.vectorByteSize();

    @Override
    public int panels(int vectors) {
        return Math.max(1, vectors / 2);
    }

    @Override
    public int rows(int vectors) {
        return switch (vectors) {
            case 2 -> 4;
            case 3 -> 3;
            default -> throw new IllegalArgumentException("no tile of " + vectors + " vectors");
        };
    }

    @Override
    public void multiply(
            int vectors, int depth, float[] w, int wo, MemorySegment x, long xo, float[] sums, int so, int stride) {
        switch (vectors) {
            case 2 -> tile4x2(depth, w, wo, x, xo, sums, so, stride);
            case 3 -> tile3x3(depth, w, wo, x, xo, sums, so, stride);
            default -> throw new IllegalArgumentException("no tile of " + vectors + " vectors");
        }
    }

    private static void tile4x2(
            int depth, float[] w, int wo, MemorySegment x, long xo, float[] sums, int so, int stride) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        FloatVector s01 = FloatVector.zero(FLOAT);
        FloatVector s10 = FloatVector.zero(FLOAT);
        FloatVector s11 = FloatVector.zero(FLOAT);
        FloatVector s20 = FloatVector.zero(FLOAT);
        FloatVector s21 = FloatVector.zero(FLOAT);
        FloatVector s30 = FloatVector.zero(FLOAT);
        FloatVector s31 = FloatVector.zero(FLOAT);
        for (int k = 0; k < depth; k++) {
            FloatVector x0 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (2 * BYTES), LITTLE_ENDIAN);
            FloatVector x1 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (2 * BYTES) + BYTES, LITTLE_ENDIAN);
            FloatVector w0 = FloatVector.broadcast(FLOAT, w[wo + k]);
            s00 = w0.fma(x0, s00);
            s01 = w0.fma(x1, s01);
            FloatVector w1 = FloatVector.broadcast(FLOAT, w[wo + STRIDE + k]);
            s10 = w1.fma(x0, s10);
            s11 = w1.fma(x1, s11);
            FloatVector w2 = FloatVector.broadcast(FLOAT, w[wo + 2 * STRIDE + k]);
            s20 = w2.fma(x0, s20);
            s21 = w2.fma(x1, s21);
            FloatVector w3 = FloatVector.broadcast(FLOAT, w[wo + 3 * STRIDE + k]);
            s30 = w3.fma(x0, s30);
            s31 = w3.fma(x1, s31);
        }
        s00.add(FloatVector.fromArray(FLOAT, sums, so)).intoArray(sums, so);
        s01.add(FloatVector.fromArray(FLOAT, sums, so + LANES)).intoArray(sums, so + LANES);
        s10.add(FloatVector.fromArray(FLOAT, sums, so + stride)).intoArray(sums, so + stride);
        s11.add(FloatVector.fromArray(FLOAT, sums, so + stride + LANES)).intoArray(sums, so + stride + LANES);
        s20.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride)).intoArray(sums, so + 2 * stride);
        s21.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride + LANES)).intoArray(sums, so + 2 * stride + LANES);
        s30.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride)).intoArray(sums, so + 3 * stride);
        s31.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride + LANES)).intoArray(sums, so + 3 * stride + LANES);
    }

    private static void tile3x3(
            int depth, float[] w, int wo, MemorySegment x, long xo, float[] sums, int so, int stride) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        FloatVector s01 = FloatVector.zero(FLOAT);
        FloatVector s02 = FloatVector.zero(FLOAT);
        FloatVector s10 = FloatVector.zero(FLOAT);
        FloatVector s11 = FloatVector.zero(FLOAT);
        FloatVector s12 = FloatVector.zero(FLOAT);
        FloatVector s20 = FloatVector.zero(FLOAT);
        FloatVector s21 = FloatVector.zero(FLOAT);
        FloatVector s22 = FloatVector.zero(FLOAT);
        for (int k = 0; k < depth; k++) {
            FloatVector x0 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (3 * BYTES), LITTLE_ENDIAN);
            FloatVector x1 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (3 * BYTES) + BYTES, LITTLE_ENDIAN);
            FloatVector x2 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (3 * BYTES) + 2 * BYTES, LITTLE_ENDIAN);
            FloatVector w0 = FloatVector.broadcast(FLOAT, w[wo + k]);
            s00 = w0.fma(x0, s00);
            s01 = w0.fma(x1, s01);
            s02 = w0.fma(x2, s02);
            FloatVector w1 = FloatVector.broadcast(FLOAT, w[wo + STRIDE + k]);
            s10 = w1.fma(x0, s10);
            s11 = w1.fma(x1, s11);
            s12 = w1.fma(x2, s12);
            FloatVector w2 = FloatVector.broadcast(FLOAT, w[wo + 2 * STRIDE + k]);
            s20 = w2.fma(x0, s20);
            s21 = w2.fma(x1, s21);
            s22 = w2.fma(x2, s22);
        }
        s00.add(FloatVector.fromArray(FLOAT, sums, so)).intoArray(sums, so);
        s01.add(FloatVector.fromArray(FLOAT, sums, so + LANES)).intoArray(sums, so + LANES);
        s02.add(FloatVector.fromArray(FLOAT, sums, so + 2 * LANES)).intoArray(sums, so + 2 * LANES);
        s10.add(FloatVector.fromArray(FLOAT, sums, so + stride)).intoArray(sums, so + stride);
        s11.add(FloatVector.fromArray(FLOAT, sums, so + stride + LANES)).intoArray(sums, so + stride + LANES);
        s12.add(FloatVector.fromArray(FLOAT, sums, so + stride + 2 * LANES)).intoArray(sums, so + stride + 2 * LANES);
        s20.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride)).intoArray(sums, so + 2 * stride);
        s21.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride + LANES)).intoArray(sums, so + 2 * stride + LANES);
        s22.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride + 2 * LANES))
                .intoArray(sums, so + 2 * stride + 2 * LANES);
    }
}
