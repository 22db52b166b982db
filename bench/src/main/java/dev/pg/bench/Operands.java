package dev.pg.bench;

import dev.pg.kernels.Matrix;
import java.util.Random;

/** Reproducible operands. */
final class Operands {
    private Operands() {}

    /** Normally distributed numbers. */
    static float[] normal(long seed, int count) {
        Random random = new Random(seed);
        float[] x = new float[count];
        for (int i = 0; i < count; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    /** [rows × cols] of them. */
    static Matrix matrix(long seed, int rows, int cols) {
        return Matrix.of(rows, cols, normal(seed, rows * cols));
    }
}
