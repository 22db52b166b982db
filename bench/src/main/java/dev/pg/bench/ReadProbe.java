package dev.pg.bench;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Measures how fast memory is read, by adding it up in one straight stream per thread. */
final class ReadProbe {
    /** A long stream for the hardware's prefetcher, and short enough for threads to share the memory evenly. */
    private static final long BLOCK = 4 << 20;

    /** Keeps the compiler from leaving out sums that nobody asks for. */
    private static volatile long sink;

    private ReadProbe() {}

    /**
     * The best of {@code runs} runs after a first one that touches the pages, in 10⁹ bytes per second of the whole team.
     *
     * @param memory native; what lies behind the last whole block of {@value #BLOCK} bytes is not read
     */
    static double gbps(Workers team, MemorySegment memory, int runs) {
        int blocks = Math.toIntExact(memory.byteSize() / BLOCK);
        Workers.Task task = VectorSupport.AVAILABLE
                ? (index, worker) -> sink = Simd.sum(memory, index * BLOCK)
                : (index, worker) -> sink = Scalar.sum(memory, index * BLOCK);
        double least = Double.POSITIVE_INFINITY;
        for (int run = 0; run <= runs; run++) {
            double seconds = Repeated.seconds(1, () -> team.run(blocks, task));
            least = run == 0 ? least : Math.min(least, seconds);
        }
        return blocks * BLOCK / least / 1e9;
    }

    private static final class Simd {
        private static final VectorSpecies<Integer> SPECIES = IntVector.SPECIES_PREFERRED;
        private static final int BYTES = SPECIES.vectorByteSize();
        private static final ByteOrder ORDER = ByteOrder.nativeOrder();

        static int sum(MemorySegment memory, long from) {
            MemorySegment block = memory.asSlice(from, BLOCK);
            IntVector a = IntVector.zero(SPECIES);
            IntVector b = a;
            IntVector c = a;
            IntVector d = a;
            for (int at = 0; at < BLOCK; at += 4 * BYTES) {
                a = a.add(IntVector.fromMemorySegment(SPECIES, block, at, ORDER));
                b = b.add(IntVector.fromMemorySegment(SPECIES, block, at + BYTES, ORDER));
                c = c.add(IntVector.fromMemorySegment(SPECIES, block, at + 2L * BYTES, ORDER));
                d = d.add(IntVector.fromMemorySegment(SPECIES, block, at + 3L * BYTES, ORDER));
            }
            return a.add(b).add(c).add(d).lane(0);
        }
    }

    private static final class Scalar {
        static long sum(MemorySegment memory, long from) {
            MemorySegment block = memory.asSlice(from, BLOCK);
            long sum = 0;
            for (int at = 0; at < BLOCK; at += Long.BYTES) {
                sum += block.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
            }
            return sum;
        }
    }
}
