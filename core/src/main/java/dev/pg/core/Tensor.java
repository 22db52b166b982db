package dev.pg.core;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * A named, dense, row-major, little-endian array: a view of memory that somebody else owns, never a copy. The data may lie at
 * any byte offset, aligned or not.
 *
 * <p>Immutable, and as thread-safe as the memory behind it; using it after its {@link Checkpoint} was closed throws
 * {@link IllegalStateException}.
 */
public final class Tensor implements TensorSource {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String name;
    private final DType dtype;
    private final long[] shape;
    private final MemorySegment data;

    /**
     * @param name as in the file
     * @param dtype element type
     * @param shape sizes, outermost first; empty for a scalar
     * @param data exactly {@code dtype.bytes()} times the product of {@code shape} bytes
     * @throws IllegalArgumentException if the sizes do not fit together
     */
    public Tensor(String name, DType dtype, long[] shape, MemorySegment data) {
        this.name = Objects.requireNonNull(name);
        this.dtype = Objects.requireNonNull(dtype);
        this.shape = shape.clone();
        this.data = Objects.requireNonNull(data);
        if (Arrays.stream(shape).anyMatch(size -> size < 0) || data.byteSize() != bytes(dtype, shape)) {
            throw new IllegalArgumentException(this + " does not fit into " + data.byteSize() + " bytes");
        }
    }

    private static long bytes(DType dtype, long[] shape) {
        try {
            return Arrays.stream(shape).reduce(dtype.bytes(), Math::multiplyExact);
        } catch (ArithmeticException e) {
            return -1; // more than there can be
        }
    }

    /** A float32 tensor over a copy of {@code values}. */
    public static Tensor ofFloats(String name, float[] values, long... shape) {
        MemorySegment data = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, Float.BYTES)]);
        MemorySegment.copy(values, 0, data, FLOAT, 0, values.length);
        return new Tensor(name, DType.F32, shape, data);
    }

    /**
     * A floating-point tensor over a copy of {@code values}, rounded to the nearest number of its type, to even between two.
     *
     * @throws IllegalArgumentException if {@code dtype} is not F32, F16, BF16 or F64
     */
    public static Tensor ofFloats(String name, DType dtype, float[] values, long... shape) {
        MemorySegment data = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, dtype.bytes())]);
        round(values, dtype, data);
        return new Tensor(name, dtype, shape, data);
    }

    /**
     * Writes {@code values} as numbers of {@code dtype}, rounded to the nearest, to even between two.
     *
     * @param data as many bytes as they take
     * @throws IllegalArgumentException if {@code dtype} is not F32, F16, BF16 or F64
     */
    public static void round(float[] values, DType dtype, MemorySegment data) {
        for (int i = 0; i < values.length; i++) {
            float value = values[i];
            switch (dtype) {
                case F32 -> data.setAtIndex(FLOAT, i, value);
                case F64 -> data.setAtIndex(DOUBLE, i, value);
                case F16 -> data.setAtIndex(SHORT, i, Float.floatToFloat16(value));
                case BF16 -> data.setAtIndex(SHORT, i, toBfloat16(value));
                default -> throw new IllegalArgumentException(dtype + " is not a type of floating-point numbers");
            }
        }
    }

    /** NaN keeps a bit that makes it one; the carry of the rounding may lead to infinity, as it should. */
    private static short toBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (Float.isNaN(value) ? bits >>> 16 | 0x40 : (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }

    /** An int64 tensor over a copy of {@code values}. */
    public static Tensor ofLongs(String name, long[] values, long... shape) {
        MemorySegment data = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, Long.BYTES)]);
        MemorySegment.copy(values, 0, data, LONG, 0, values.length);
        return new Tensor(name, DType.I64, shape, data);
    }

    /** A uint8 tensor over a copy of {@code values}. */
    public static Tensor ofBytes(String name, byte[] values, long... shape) {
        return new Tensor(name, DType.U8, shape, MemorySegment.ofArray(values.clone()));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    /** The sizes, outermost first. */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** Number of dimensions. */
    public int rank() {
        return shape.length;
    }

    /** Size of dimension {@code i}, counted from the outermost. */
    public long dim(int i) {
        return shape[i];
    }

    /** Number of elements: the product of the shape, 1 for a scalar. */
    public long elements() {
        long product = 1;
        for (long size : shape) {
            product = Math.multiplyExact(product, size);
        }
        return product;
    }

    /** The bytes, little-endian. */
    public MemorySegment data() {
        return data;
    }

    @Override
    public void copyTo(MemorySegment target, long offset) {
        MemorySegment.copy(data, offset, target, 0, target.byteSize());
    }

    /** The same data under another name. */
    public Tensor withName(String newName) {
        return new Tensor(newName, dtype, shape, data);
    }

    /**
     * All elements widened (or, for float64, rounded) to float32.
     *
     * @throws PgException if this is not a floating-point tensor, or has more elements than an array can hold
     */
    public float[] toFloats() {
        if (elements() > Integer.MAX_VALUE - 8) {
            throw new PgException(this + " has too many elements for one array");
        }
        float[] out = new float[(int) elements()];
        switch (dtype) {
            case F32 -> MemorySegment.copy(data, FLOAT, 0, out, 0, out.length);
            case F64 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = (float) data.getAtIndex(DOUBLE, i);
                }
            }
            case F16 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = Float.float16ToFloat(data.getAtIndex(SHORT, i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = Float.intBitsToFloat(data.getAtIndex(SHORT, i) << 16);
                }
            }
            default -> throw new PgException(this + " is not a float tensor; expected F32, F16, BF16 or F64");
        }
        return out;
    }

    /**
     * All elements of an int64 tensor.
     *
     * @throws PgException if this is of another type
     */
    public long[] toLongs() {
        if (dtype != DType.I64) {
            throw new PgException(this + " is not an int64 tensor");
        }
        return data.toArray(LONG);
    }

    /** Name, type and shape, as error messages show them: {@code "norm.weight" BF16 [2304]}. */
    @Override
    public String toString() {
        return "\"" + name + "\" " + dtype + " " + Arrays.toString(shape);
    }
}
