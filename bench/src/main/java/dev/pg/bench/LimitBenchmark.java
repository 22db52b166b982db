package dev.pg.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one core of this machine can do at most: fused multiply-adds that touch no memory, and reading memory and doing next to nothing with
 * it. {@code -t 2} asks for two cores. Every figure of the other benchmarks is to be read as a share of these, of the same run.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class LimitBenchmark {
    private static final VectorSpecies<Float> FLOAT = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INT = IntVector.SPECIES_PREFERRED;
    private static final int STEPS = 20_000;
    private static final long BYTES = 256L << 20;
    private static final int PIECE = 1 << 16;

    private MemorySegment memory;

    /** What this iteration adds up to; JMH divides by the seconds. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Work {
        public double gflop;
        public double gigabytes;

        /** JMH sums from zero in each iteration. */
        @Setup(Level.Iteration)
        public void clear() {
            gflop = 0;
            gigabytes = 0;
        }
    }

    @Setup
    public void open() {
        memory = Arena.ofAuto().allocate(BYTES, 64).fill((byte) 1);
    }

    @Benchmark
    public float multiplyAdd(Work work) {
        work.gflop += 2e-9 * 10 * FLOAT.length() * STEPS;
        return chains(STEPS, 0.999f);
    }

    @Benchmark
    public int read(Work work) {
        int sum = 0;
        for (long at = 0; at < BYTES; at += PIECE) {
            sum += sum(memory, at);
        }
        work.gigabytes += 1e-9 * BYTES;
        return sum;
    }

    /** Ten chains hide the latency of the units: 4 cycles, 2 units. They start apart, or C2 would see that they are one. */
    private static float chains(int steps, float factor) {
        FloatVector f = FloatVector.broadcast(FLOAT, factor);
        FloatVector g = FloatVector.broadcast(FLOAT, 1e-9f);
        FloatVector a = FloatVector.broadcast(FLOAT, 1);
        FloatVector b = FloatVector.broadcast(FLOAT, 2);
        FloatVector c = FloatVector.broadcast(FLOAT, 3);
        FloatVector d = FloatVector.broadcast(FLOAT, 4);
        FloatVector e = FloatVector.broadcast(FLOAT, 5);
        FloatVector h = FloatVector.broadcast(FLOAT, 6);
        FloatVector i = FloatVector.broadcast(FLOAT, 7);
        FloatVector j = FloatVector.broadcast(FLOAT, 8);
        FloatVector k = FloatVector.broadcast(FLOAT, 9);
        FloatVector l = FloatVector.broadcast(FLOAT, 10);
        for (int n = 0; n < steps; n++) {
            a = a.fma(f, g);
            b = b.fma(f, g);
            c = c.fma(f, g);
            d = d.fma(f, g);
            e = e.fma(f, g);
            h = h.fma(f, g);
            i = i.fma(f, g);
            j = j.fma(f, g);
            k = k.fma(f, g);
            l = l.fma(f, g);
        }
        return a.add(b).add(c).add(d).add(e).add(h).add(i).add(j).add(k).add(l).lane(0);
    }

    private static int sum(MemorySegment m, long from) {
        IntVector a = IntVector.zero(INT);
        IntVector b = a;
        IntVector c = a;
        IntVector d = a;
        int step = INT.vectorByteSize();
        for (int i = 0; i < PIECE; i += 4 * step) {
            long at = from + i;
            a = a.add(IntVector.fromMemorySegment(INT, m, at, ByteOrder.LITTLE_ENDIAN));
            b = b.add(IntVector.fromMemorySegment(INT, m, at + step, ByteOrder.LITTLE_ENDIAN));
            c = c.add(IntVector.fromMemorySegment(INT, m, at + 2L * step, ByteOrder.LITTLE_ENDIAN));
            d = d.add(IntVector.fromMemorySegment(INT, m, at + 3L * step, ByteOrder.LITTLE_ENDIAN));
        }
        return a.add(b).add(c.add(d)).lane(0);
    }
}
