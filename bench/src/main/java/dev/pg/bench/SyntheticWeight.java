package dev.pg.bench;

import dev.pg.core.DType;
import dev.pg.core.TensorSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * A BF16 tensor that is made while it is written. Each element is drawn from a table of values, at the position that a hash of
 * its index says: a table of one value is a constant, a table of normally distributed ones gives such a tensor at memory speed.
 *
 * @param name as in the file
 * @param shape sizes, outermost first
 * @param table {@link #TABLE_SIZE} BF16 values to draw from
 * @param seed other seeds draw other elements
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SyntheticWeight(String name, long[] shape, short[] table, long seed) implements TensorSource {
    /** A power of two; small enough to stay in the first-level cache. */
    static final int TABLE_SIZE = 4096;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int PER_LONG = Long.BYTES / Short.BYTES;

    /** A table with one value. */
    static short[] constant(float value) {
        short[] table = new short[TABLE_SIZE];
        Arrays.fill(table, bf16(value));
        return table;
    }

    /** A table of normally distributed values. */
    static short[] normal(double deviation, long seed) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        short[] table = new short[TABLE_SIZE];
        for (int i = 0; i < TABLE_SIZE; i += 2) {
            // In pairs of opposite sign: the mean is exactly zero, as that of real weights nearly is.
            float value = (float) random.nextGaussian(0, deviation);
            table[i] = bf16(value);
            table[i + 1] = bf16(-value);
        }
        return table;
    }

    private static short bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16); // to the nearest, ties to even
    }

    @Override
    public DType dtype() {
        return DType.BF16;
    }

    @Override
    public void copyTo(MemorySegment target, long offset) {
        long elements = target.byteSize() / Short.BYTES;
        long first = offset / Short.BYTES;
        long i = 0;
        if (first % PER_LONG == 0) {
            for (; i + PER_LONG <= elements; i += PER_LONG) {
                long hash = hash(first + i);
                long four = value(hash, 0) | (value(hash, 1) << 16) | (value(hash, 2) << 32) | (value(hash, 3) << 48);
                target.set(LONG, i * Short.BYTES, four);
            }
        }
        for (; i < elements; i++) {
            target.set(SHORT, i * Short.BYTES, (short) value(hash(first + i), (int) ((first + i) % PER_LONG)));
        }
    }

    /** The table's entry for one of the four elements that share a hash, as an unsigned number. */
    private long value(long hash, int lane) {
        int index = (int) (hash >>> (16 * lane)) & (TABLE_SIZE - 1);
        return table[index] & 0xffffL;
    }

    /** 64 random bits for the four elements around {@code element}: SplitMix64. */
    private long hash(long element) {
        long z = seed + element / PER_LONG * 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
