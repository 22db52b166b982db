package dev.pg.bench;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

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

    /** Layers [outputs × inputs] without a bias, with {@code bytes} of weights in all or a little more. */
    static Linear[] layers(Arena arena, DType type, int outputs, int inputs, long bytes) {
        SplittableRandom random = new SplittableRandom(1);
        List<Linear> layers = new ArrayList<>();
        for (long made = 0; made < bytes; made += layers.getLast().bytes()) {
            layers.add(Linear.of(Weights.of(weights(arena, type, outputs, inputs, random)), null));
        }
        return layers.toArray(Linear[]::new);
    }

    /** Weights [outputs × inputs] near 1. */
    static Tensor weights(SegmentAllocator memory, DType type, int outputs, int inputs, SplittableRandom random) {
        MemorySegment data = memory.allocate((long) outputs * inputs * type.bytes(), 64);
        for (long at = 0; at < data.byteSize(); at += Short.BYTES) {
            // Upper halves of numbers near 1, in either half format; as lower halves of floats they do no harm.
            data.set(ValueLayout.JAVA_SHORT, at, (short) (0x3c00 + random.nextInt(256)));
        }
        return new Tensor("w", type, new long[] {outputs, inputs}, data);
    }
}
