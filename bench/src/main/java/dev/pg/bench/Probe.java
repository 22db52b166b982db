package dev.pg.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What one thread of this machine can do at this moment: fused multiply-adds from registers, and reading an array. Machines
 * differ and neighbours make noise, so benchmarks measure it next to every iteration and report a fraction of it.
 *
 * <p>Time is processor time of the calling thread, which leaves out what other processes take.
 */
final class Probe {
    private Probe() {}

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 10; // independent sums: more than latency times throughput of a multiply-add
    private static final int STEPS = 20_000;
    private static final int ROUNDS = 50;

    /** Keeps results alive. */
    static volatile float sink;

    /** Processor time of the calling thread in nanoseconds. */
    static long nanos() {
        return THREADS.getCurrentThreadCpuTime();
    }

    /** Multiply-adds at the preferred width: 10^9 floating-point operations per second. */
    static double gflops() {
        long start = nanos();
        for (int i = 0; i < ROUNDS; i++) {
            sink = multiplyAdds();
        }
        return 2.0 * ROUNDS * STEPS * CHAINS * SPECIES.length() / (nanos() - start);
    }

    private static float multiplyAdds() {
        FloatVector m = FloatVector.broadcast(SPECIES, 0.999f);
        FloatVector x = FloatVector.broadcast(SPECIES, 0.001f);
        FloatVector s0 = x;
        FloatVector s1 = x;
        FloatVector s2 = x;
        FloatVector s3 = x;
        FloatVector s4 = x;
        FloatVector s5 = x;
        FloatVector s6 = x;
        FloatVector s7 = x;
        FloatVector s8 = x;
        FloatVector s9 = x;
        for (int i = 0; i < STEPS; i++) {
            s0 = s0.fma(m, x);
            s1 = s1.fma(m, x);
            s2 = s2.fma(m, x);
            s3 = s3.fma(m, x);
            s4 = s4.fma(m, x);
            s5 = s5.fma(m, x);
            s6 = s6.fma(m, x);
            s7 = s7.fma(m, x);
            s8 = s8.fma(m, x);
            s9 = s9.fma(m, x);
        }
        return s0.add(s1)
                .add(s2)
                .add(s3)
                .add(s4)
                .add(s5)
                .add(s6)
                .add(s7)
                .add(s8)
                .add(s9)
                .lane(0);
    }

    /** Reading {@code data} from start to end, again and again: 10^9 bytes per second. */
    static double readGbps(float[] data) {
        long start = nanos();
        int rounds = Math.max(1, (1 << 25) / data.length);
        for (int r = 0; r < rounds; r++) {
            float sum = 0;
            for (int i = 0; i + 4096 <= data.length; i += 4096) {
                sum += sum(data, i);
            }
            sink = sum;
        }
        return 4.0 * rounds * data.length / (nanos() - start);
    }

    private static float sum(float[] data, int from) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int i = from; i < from + 4096; i += 4 * SPECIES.length()) {
            s0 = s0.add(FloatVector.fromArray(SPECIES, data, i));
            s1 = s1.add(FloatVector.fromArray(SPECIES, data, i + SPECIES.length()));
            s2 = s2.add(FloatVector.fromArray(SPECIES, data, i + 2 * SPECIES.length()));
            s3 = s3.add(FloatVector.fromArray(SPECIES, data, i + 3 * SPECIES.length()));
        }
        return s0.add(s1).add(s2).add(s3).lane(0);
    }
}
