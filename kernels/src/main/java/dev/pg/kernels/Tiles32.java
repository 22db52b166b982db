package dev.pg.kernels;

import static dev.pg.kernels.PackedGemm.STRIDE;
import static dev.pg.kernels.VectorSupport.Species.FLOAT;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Tiles for 32 vector registers (AVX-512, Arm): 24 sums, or 18 for a panel of three vectors, where 24 do not all stay in registers. */
final class Tiles32 implements Tile {
    private static final int LANES = VectorSupport.LANES;

    /** Of a vector. */
    private static final long BYTES = FLOAT.vectorByteSize();

    @Override
    public int panels(int vectors) {
        return Math.ceilDiv(vectors, 4);
    }

    @Override
    public int rows(int vectors) {
        return switch (vectors) {
            case 2 -> 12;
            case 3 -> 6;
            case 4 -> 6;
            default -> throw new IllegalArgumentException("no tile of " + vectors + " vectors");
        };
    }

    @Override
    public void multiply(
            int vectors, int depth, float[] w, int wo, MemorySegment x, long xo, float[] sums, int so, int stride) {
        switch (vectors) {
            case 2 -> tile12x2(depth, w, wo, x, xo, sums, so, stride);
            case 3 -> tile6x3(depth, w, wo, x, xo, sums, so, stride);
            case 4 -> tile6x4(depth, w, wo, x, xo, sums, so, stride);
            default -> throw new IllegalArgumentException("no tile of " + vectors + " vectors");
        }
    }

    private static void tile12x2(
            int depth, float[] w, int wo, MemorySegment x, long xo, float[] sums, int so, int stride) {
        FloatVector s0_0 = FloatVector.zero(FLOAT);
        FloatVector s0_1 = FloatVector.zero(FLOAT);
        FloatVector s1_0 = FloatVector.zero(FLOAT);
        FloatVector s1_1 = FloatVector.zero(FLOAT);
        FloatVector s2_0 = FloatVector.zero(FLOAT);
        FloatVector s2_1 = FloatVector.zero(FLOAT);
        FloatVector s3_0 = FloatVector.zero(FLOAT);
        FloatVector s3_1 = FloatVector.zero(FLOAT);
        FloatVector s4_0 = FloatVector.zero(FLOAT);
        FloatVector s4_1 = FloatVector.zero(FLOAT);
        FloatVector s5_0 = FloatVector.zero(FLOAT);
        FloatVector s5_1 = FloatVector.zero(FLOAT);
        FloatVector s6_0 = FloatVector.zero(FLOAT);
        FloatVector s6_1 = FloatVector.zero(FLOAT);
        FloatVector s7_0 = FloatVector.zero(FLOAT);
        FloatVector s7_1 = FloatVector.zero(FLOAT);
        FloatVector s8_0 = FloatVector.zero(FLOAT);
        FloatVector s8_1 = FloatVector.zero(FLOAT);
        FloatVector s9_0 = FloatVector.zero(FLOAT);
        FloatVector s9_1 = FloatVector.zero(FLOAT);
        FloatVector s10_0 = FloatVector.zero(FLOAT);
        FloatVector s10_1 = FloatVector.zero(FLOAT);
        FloatVector s11_0 = FloatVector.zero(FLOAT);
        FloatVector s11_1 = FloatVector.zero(FLOAT);
        for (int k = 0; k < depth; k++) {
            FloatVector x0 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (2 * BYTES), LITTLE_ENDIAN);
            FloatVector x1 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (2 * BYTES) + BYTES, LITTLE_ENDIAN);
            FloatVector w0 = FloatVector.broadcast(FLOAT, w[wo + k]);
            s0_0 = w0.fma(x0, s0_0);
            s0_1 = w0.fma(x1, s0_1);
            FloatVector w1 = FloatVector.broadcast(FLOAT, w[wo + STRIDE + k]);
            s1_0 = w1.fma(x0, s1_0);
            s1_1 = w1.fma(x1, s1_1);
            FloatVector w2 = FloatVector.broadcast(FLOAT, w[wo + 2 * STRIDE + k]);
            s2_0 = w2.fma(x0, s2_0);
            s2_1 = w2.fma(x1, s2_1);
            FloatVector w3 = FloatVector.broadcast(FLOAT, w[wo + 3 * STRIDE + k]);
            s3_0 = w3.fma(x0, s3_0);
            s3_1 = w3.fma(x1, s3_1);
            FloatVector w4 = FloatVector.broadcast(FLOAT, w[wo + 4 * STRIDE + k]);
            s4_0 = w4.fma(x0, s4_0);
            s4_1 = w4.fma(x1, s4_1);
            FloatVector w5 = FloatVector.broadcast(FLOAT, w[wo + 5 * STRIDE + k]);
            s5_0 = w5.fma(x0, s5_0);
            s5_1 = w5.fma(x1, s5_1);
            FloatVector w6 = FloatVector.broadcast(FLOAT, w[wo + 6 * STRIDE + k]);
            s6_0 = w6.fma(x0, s6_0);
            s6_1 = w6.fma(x1, s6_1);
            FloatVector w7 = FloatVector.broadcast(FLOAT, w[wo + 7 * STRIDE + k]);
            s7_0 = w7.fma(x0, s7_0);
            s7_1 = w7.fma(x1, s7_1);
            FloatVector w8 = FloatVector.broadcast(FLOAT, w[wo + 8 * STRIDE + k]);
            s8_0 = w8.fma(x0, s8_0);
            s8_1 = w8.fma(x1, s8_1);
            FloatVector w9 = FloatVector.broadcast(FLOAT, w[wo + 9 * STRIDE + k]);
            s9_0 = w9.fma(x0, s9_0);
            s9_1 = w9.fma(x1, s9_1);
            FloatVector w10 = FloatVector.broadcast(FLOAT, w[wo + 10 * STRIDE + k]);
            s10_0 = w10.fma(x0, s10_0);
            s10_1 = w10.fma(x1, s10_1);
            FloatVector w11 = FloatVector.broadcast(FLOAT, w[wo + 11 * STRIDE + k]);
            s11_0 = w11.fma(x0, s11_0);
            s11_1 = w11.fma(x1, s11_1);
        }
        s0_0.add(FloatVector.fromArray(FLOAT, sums, so)).intoArray(sums, so);
        s0_1.add(FloatVector.fromArray(FLOAT, sums, so + LANES)).intoArray(sums, so + LANES);
        s1_0.add(FloatVector.fromArray(FLOAT, sums, so + stride)).intoArray(sums, so + stride);
        s1_1.add(FloatVector.fromArray(FLOAT, sums, so + stride + LANES)).intoArray(sums, so + stride + LANES);
        s2_0.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride)).intoArray(sums, so + 2 * stride);
        s2_1.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride + LANES)).intoArray(sums, so + 2 * stride + LANES);
        s3_0.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride)).intoArray(sums, so + 3 * stride);
        s3_1.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride + LANES)).intoArray(sums, so + 3 * stride + LANES);
        s4_0.add(FloatVector.fromArray(FLOAT, sums, so + 4 * stride)).intoArray(sums, so + 4 * stride);
        s4_1.add(FloatVector.fromArray(FLOAT, sums, so + 4 * stride + LANES)).intoArray(sums, so + 4 * stride + LANES);
        s5_0.add(FloatVector.fromArray(FLOAT, sums, so + 5 * stride)).intoArray(sums, so + 5 * stride);
        s5_1.add(FloatVector.fromArray(FLOAT, sums, so + 5 * stride + LANES)).intoArray(sums, so + 5 * stride + LANES);
        s6_0.add(FloatVector.fromArray(FLOAT, sums, so + 6 * stride)).intoArray(sums, so + 6 * stride);
        s6_1.add(FloatVector.fromArray(FLOAT, sums, so + 6 * stride + LANES)).intoArray(sums, so + 6 * stride + LANES);
        s7_0.add(FloatVector.fromArray(FLOAT, sums, so + 7 * stride)).intoArray(sums, so + 7 * stride);
        s7_1.add(FloatVector.fromArray(FLOAT, sums, so + 7 * stride + LANES)).intoArray(sums, so + 7 * stride + LANES);
        s8_0.add(FloatVector.fromArray(FLOAT, sums, so + 8 * stride)).intoArray(sums, so + 8 * stride);
        s8_1.add(FloatVector.fromArray(FLOAT, sums, so + 8 * stride + LANES)).intoArray(sums, so + 8 * stride + LANES);
        s9_0.add(FloatVector.fromArray(FLOAT, sums, so + 9 * stride)).intoArray(sums, so + 9 * stride);
        s9_1.add(FloatVector.fromArray(FLOAT, sums, so + 9 * stride + LANES)).intoArray(sums, so + 9 * stride + LANES);
        s10_0.add(FloatVector.fromArray(FLOAT, sums, so + 10 * stride)).intoArray(sums, so + 10 * stride);
        s10_1.add(FloatVector.fromArray(FLOAT, sums, so + 10 * stride + LANES))
                .intoArray(sums, so + 10 * stride + LANES);
        s11_0.add(FloatVector.fromArray(FLOAT, sums, so + 11 * stride)).intoArray(sums, so + 11 * stride);
        s11_1.add(FloatVector.fromArray(FLOAT, sums, so + 11 * stride + LANES))
                .intoArray(sums, so + 11 * stride + LANES);
    }

    private static void tile6x3(
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
        FloatVector s30 = FloatVector.zero(FLOAT);
        FloatVector s31 = FloatVector.zero(FLOAT);
        FloatVector s32 = FloatVector.zero(FLOAT);
        FloatVector s40 = FloatVector.zero(FLOAT);
        FloatVector s41 = FloatVector.zero(FLOAT);
        FloatVector s42 = FloatVector.zero(FLOAT);
        FloatVector s50 = FloatVector.zero(FLOAT);
        FloatVector s51 = FloatVector.zero(FLOAT);
        FloatVector s52 = FloatVector.zero(FLOAT);
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
            FloatVector w3 = FloatVector.broadcast(FLOAT, w[wo + 3 * STRIDE + k]);
            s30 = w3.fma(x0, s30);
            s31 = w3.fma(x1, s31);
            s32 = w3.fma(x2, s32);
            FloatVector w4 = FloatVector.broadcast(FLOAT, w[wo + 4 * STRIDE + k]);
            s40 = w4.fma(x0, s40);
            s41 = w4.fma(x1, s41);
            s42 = w4.fma(x2, s42);
            FloatVector w5 = FloatVector.broadcast(FLOAT, w[wo + 5 * STRIDE + k]);
            s50 = w5.fma(x0, s50);
            s51 = w5.fma(x1, s51);
            s52 = w5.fma(x2, s52);
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
        s30.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride)).intoArray(sums, so + 3 * stride);
        s31.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride + LANES)).intoArray(sums, so + 3 * stride + LANES);
        s32.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride + 2 * LANES))
                .intoArray(sums, so + 3 * stride + 2 * LANES);
        s40.add(FloatVector.fromArray(FLOAT, sums, so + 4 * stride)).intoArray(sums, so + 4 * stride);
        s41.add(FloatVector.fromArray(FLOAT, sums, so + 4 * stride + LANES)).intoArray(sums, so + 4 * stride + LANES);
        s42.add(FloatVector.fromArray(FLOAT, sums, so + 4 * stride + 2 * LANES))
                .intoArray(sums, so + 4 * stride + 2 * LANES);
        s50.add(FloatVector.fromArray(FLOAT, sums, so + 5 * stride)).intoArray(sums, so + 5 * stride);
        s51.add(FloatVector.fromArray(FLOAT, sums, so + 5 * stride + LANES)).intoArray(sums, so + 5 * stride + LANES);
        s52.add(FloatVector.fromArray(FLOAT, sums, so + 5 * stride + 2 * LANES))
                .intoArray(sums, so + 5 * stride + 2 * LANES);
    }

    private static void tile6x4(
            int depth, float[] w, int wo, MemorySegment x, long xo, float[] sums, int so, int stride) {
        FloatVector s00 = FloatVector.zero(FLOAT);
        FloatVector s01 = FloatVector.zero(FLOAT);
        FloatVector s02 = FloatVector.zero(FLOAT);
        FloatVector s03 = FloatVector.zero(FLOAT);
        FloatVector s10 = FloatVector.zero(FLOAT);
        FloatVector s11 = FloatVector.zero(FLOAT);
        FloatVector s12 = FloatVector.zero(FLOAT);
        FloatVector s13 = FloatVector.zero(FLOAT);
        FloatVector s20 = FloatVector.zero(FLOAT);
        FloatVector s21 = FloatVector.zero(FLOAT);
        FloatVector s22 = FloatVector.zero(FLOAT);
        FloatVector s23 = FloatVector.zero(FLOAT);
        FloatVector s30 = FloatVector.zero(FLOAT);
        FloatVector s31 = FloatVector.zero(FLOAT);
        FloatVector s32 = FloatVector.zero(FLOAT);
        FloatVector s33 = FloatVector.zero(FLOAT);
        FloatVector s40 = FloatVector.zero(FLOAT);
        FloatVector s41 = FloatVector.zero(FLOAT);
        FloatVector s42 = FloatVector.zero(FLOAT);
        FloatVector s43 = FloatVector.zero(FLOAT);
        FloatVector s50 = FloatVector.zero(FLOAT);
        FloatVector s51 = FloatVector.zero(FLOAT);
        FloatVector s52 = FloatVector.zero(FLOAT);
        FloatVector s53 = FloatVector.zero(FLOAT);
        for (int k = 0; k < depth; k++) {
            FloatVector x0 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (4 * BYTES), LITTLE_ENDIAN);
            FloatVector x1 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (4 * BYTES) + BYTES, LITTLE_ENDIAN);
            FloatVector x2 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (4 * BYTES) + 2 * BYTES, LITTLE_ENDIAN);
            FloatVector x3 = FloatVector.fromMemorySegment(FLOAT, x, xo + k * (4 * BYTES) + 3 * BYTES, LITTLE_ENDIAN);
            FloatVector w0 = FloatVector.broadcast(FLOAT, w[wo + k]);
            s00 = w0.fma(x0, s00);
            s01 = w0.fma(x1, s01);
            s02 = w0.fma(x2, s02);
            s03 = w0.fma(x3, s03);
            FloatVector w1 = FloatVector.broadcast(FLOAT, w[wo + STRIDE + k]);
            s10 = w1.fma(x0, s10);
            s11 = w1.fma(x1, s11);
            s12 = w1.fma(x2, s12);
            s13 = w1.fma(x3, s13);
            FloatVector w2 = FloatVector.broadcast(FLOAT, w[wo + 2 * STRIDE + k]);
            s20 = w2.fma(x0, s20);
            s21 = w2.fma(x1, s21);
            s22 = w2.fma(x2, s22);
            s23 = w2.fma(x3, s23);
            FloatVector w3 = FloatVector.broadcast(FLOAT, w[wo + 3 * STRIDE + k]);
            s30 = w3.fma(x0, s30);
            s31 = w3.fma(x1, s31);
            s32 = w3.fma(x2, s32);
            s33 = w3.fma(x3, s33);
            FloatVector w4 = FloatVector.broadcast(FLOAT, w[wo + 4 * STRIDE + k]);
            s40 = w4.fma(x0, s40);
            s41 = w4.fma(x1, s41);
            s42 = w4.fma(x2, s42);
            s43 = w4.fma(x3, s43);
            FloatVector w5 = FloatVector.broadcast(FLOAT, w[wo + 5 * STRIDE + k]);
            s50 = w5.fma(x0, s50);
            s51 = w5.fma(x1, s51);
            s52 = w5.fma(x2, s52);
            s53 = w5.fma(x3, s53);
        }
        s00.add(FloatVector.fromArray(FLOAT, sums, so)).intoArray(sums, so);
        s01.add(FloatVector.fromArray(FLOAT, sums, so + LANES)).intoArray(sums, so + LANES);
        s02.add(FloatVector.fromArray(FLOAT, sums, so + 2 * LANES)).intoArray(sums, so + 2 * LANES);
        s03.add(FloatVector.fromArray(FLOAT, sums, so + 3 * LANES)).intoArray(sums, so + 3 * LANES);
        s10.add(FloatVector.fromArray(FLOAT, sums, so + stride)).intoArray(sums, so + stride);
        s11.add(FloatVector.fromArray(FLOAT, sums, so + stride + LANES)).intoArray(sums, so + stride + LANES);
        s12.add(FloatVector.fromArray(FLOAT, sums, so + stride + 2 * LANES)).intoArray(sums, so + stride + 2 * LANES);
        s13.add(FloatVector.fromArray(FLOAT, sums, so + stride + 3 * LANES)).intoArray(sums, so + stride + 3 * LANES);
        s20.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride)).intoArray(sums, so + 2 * stride);
        s21.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride + LANES)).intoArray(sums, so + 2 * stride + LANES);
        s22.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride + 2 * LANES))
                .intoArray(sums, so + 2 * stride + 2 * LANES);
        s23.add(FloatVector.fromArray(FLOAT, sums, so + 2 * stride + 3 * LANES))
                .intoArray(sums, so + 2 * stride + 3 * LANES);
        s30.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride)).intoArray(sums, so + 3 * stride);
        s31.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride + LANES)).intoArray(sums, so + 3 * stride + LANES);
        s32.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride + 2 * LANES))
                .intoArray(sums, so + 3 * stride + 2 * LANES);
        s33.add(FloatVector.fromArray(FLOAT, sums, so + 3 * stride + 3 * LANES))
                .intoArray(sums, so + 3 * stride + 3 * LANES);
        s40.add(FloatVector.fromArray(FLOAT, sums, so + 4 * stride)).intoArray(sums, so + 4 * stride);
        s41.add(FloatVector.fromArray(FLOAT, sums, so + 4 * stride + LANES)).intoArray(sums, so + 4 * stride + LANES);
        s42.add(FloatVector.fromArray(FLOAT, sums, so + 4 * stride + 2 * LANES))
                .intoArray(sums, so + 4 * stride + 2 * LANES);
        s43.add(FloatVector.fromArray(FLOAT, sums, so + 4 * stride + 3 * LANES))
                .intoArray(sums, so + 4 * stride + 3 * LANES);
        s50.add(FloatVector.fromArray(FLOAT, sums, so + 5 * stride)).intoArray(sums, so + 5 * stride);
        s51.add(FloatVector.fromArray(FLOAT, sums, so + 5 * stride + LANES)).intoArray(sums, so + 5 * stride + LANES);
        s52.add(FloatVector.fromArray(FLOAT, sums, so + 5 * stride + 2 * LANES))
                .intoArray(sums, so + 5 * stride + 2 * LANES);
        s53.add(FloatVector.fromArray(FLOAT, sums, so + 5 * stride + 3 * LANES))
                .intoArray(sums, so + 5 * stride + 3 * LANES);
    }
}
