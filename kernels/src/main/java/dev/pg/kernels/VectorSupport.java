package dev.pg.kernels;

import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Whether the kernels run on the Vector API, and at which width; decided once, when this class is loaded.
 *
 * <p>{@code jdk.incubator.vector} is an optional module. Every operation therefore keeps its vector kernel in a nested class
 * {@code Simd}, which is only linked when {@link #AVAILABLE}, beside a plain {@code Scalar} twin, which is the fallback and the
 * oracle of the tests. {@link WarmUp} says from when on the vector kernels work.
 *
 * <p>{@code -Dpg.vector=off} chooses the scalar twins, {@code -Dpg.vector=always} the vector kernels before they are compiled; {@code -Dpg.vectorBits=128|256|512} caps the width.
 */
public final class VectorSupport {
    private VectorSupport() {}

    /** True if the Vector API is present, compiled to real vector instructions by this JVM, and not switched off. */
    public static final boolean AVAILABLE = !"off".equals(System.getProperty("pg.vector"))
            && ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
            && Bits.PREFERRED >= 128;

    /** Floats in a vector: 4, 8 or 16; without the Vector API 0. Unlike {@link Species}, this links no vector classes. */
    static final int LANES = AVAILABLE ? Bits.USED / Float.SIZE : 0;

    /** Bytes that memory hands over at once. */
    static final long CACHE_LINE = 64;

    /** One line for people: {@code "Vector API, 512 bits"} or {@code "scalar (...)"} with the reason and the cure. */
    public static String describe() {
        if (AVAILABLE) {
            return "Vector API, " + LANES * Float.SIZE + " bits";
        }
        if ("off".equals(System.getProperty("pg.vector"))) {
            return "scalar (-Dpg.vector=off)";
        }
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            return "scalar (start java with --add-modules jdk.incubator.vector for speed)";
        }
        return "scalar (this JVM has no vector instructions for the Vector API)";
    }

    /** Widths of vectors. Touch only where the module is present. */
    private static final class Bits {
        private Bits() {}

        /** The JVM prefers 64 bits where it compiles no vectors at all (no C2, or too old a processor). */
        static final int PREFERRED = VectorShape.preferredShape().vectorBitSize();

        static final int USED = Math.clamp(
                Integer.highestOneBit(Math.min(PREFERRED, Integer.getInteger("pg.vectorBits", Integer.MAX_VALUE))),
                128,
                512);
    }

    /** The vector shapes of all kernels. Touch only behind {@link #AVAILABLE}: without the module this class does not link. */
    static final class Species {
        private Species() {}

        private static final VectorShape SHAPE = VectorShape.forBitSize(Bits.USED);

        static final VectorSpecies<Float> FLOAT = VectorSpecies.of(float.class, SHAPE);

        /** As many ints as {@link #FLOAT} has floats. */
        static final VectorSpecies<Integer> INT = VectorSpecies.of(int.class, SHAPE);

        /** As many shorts as {@link #FLOAT} has floats: half as many bits. */
        static final VectorSpecies<Short> SHORT =
                VectorSpecies.of(short.class, VectorShape.forBitSize(SHAPE.vectorBitSize() / 2));

        /** Two shorts for each float of {@link #FLOAT}: the same bits. */
        static final VectorSpecies<Short> SHORT_PAIRS = VectorSpecies.of(short.class, SHAPE);

        /** As many bytes as {@link #FLOAT} has floats, but eight at least: there are no narrower vectors. */
        static final VectorSpecies<Byte> BYTE =
                VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, SHAPE.vectorBitSize() / 4)));

        /** As many bytes as {@link #SHORT_PAIRS} has shorts. */
        static final VectorSpecies<Byte> BYTE_PAIRS =
                VectorSpecies.of(byte.class, VectorShape.forBitSize(SHAPE.vectorBitSize() / 2));

        /**
         * For sums over lanes, which fold halves onto each other until lane 0 holds all: {@code reduceLanes} has no defined order, and
         * another one interpreted than compiled. Folds are written out, not called, for the reason given at {@link Exp}.
         */
        static final VectorShuffle<Float> ROTATE_8 = rotate(8);

        static final VectorShuffle<Float> ROTATE_4 = rotate(4);
        static final VectorShuffle<Float> ROTATE_2 = rotate(2);
        static final VectorShuffle<Float> ROTATE_1 = rotate(1);

        private static VectorShuffle<Float> rotate(int by) {
            return VectorShuffle.iota(FLOAT, by % LANES, 1, true);
        }
    }
}
