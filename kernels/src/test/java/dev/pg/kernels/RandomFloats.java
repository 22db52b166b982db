package dev.pg.kernels;

import java.util.Random;

/** Reproducible operands. */
final class RandomFloats {
    private RandomFloats() {}

    /** Normally distributed with the given deviation. */
    static float[] normal(long seed, int count, double deviation) {
        Random random = new Random(seed);
        float[] x = new float[count];
        for (int i = 0; i < count; i++) {
            x[i] = (float) (deviation * random.nextGaussian());
        }
        return x;
    }

    /** A matrix [rows × cols] of normally distributed numbers. */
    static Matrix matrix(long seed, int rows, int cols) {
        return Matrix.of(rows, cols, normal(seed, rows * cols, 1));
    }
}
