package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.pg.core.Workers;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** A step of decoding allocates nothing once its code is compiled and its buffers have grown. */
class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int BATCH = 200;

    /** Before C2 has compiled a kernel, every vector is an object; it needs some thousands of calls. */
    private static final int MOST_BATCHES = 1000;

    @Test
    void oneRowAllocatesNothing() {
        try (Workers team = new Workers(1)) {
            int width = 2304;
            Matrix x = RandomFloats.matrix(1, 1, width);
            Matrix y = RandomFloats.matrix(2, 1, width);
            Matrix half = new Matrix(1, width / 2);
            float[] weight = RandomFloats.normal(3, width, 1);
            Rope rope = new Rope(256, 10_000);
            Attention attention = new Attention(team);
            Matrix keys = RandomFloats.matrix(4, 150, 4 * 256);
            Matrix q = x.columns(0, 8 * 256);
            Matrix out = y.columns(0, 8 * 256);
            assertThat(leastBytes(() -> RmsNorm.apply(team, x, weight, 1e-6f, y)))
                    .isZero();
            assertThat(leastBytes(() -> LayerNorm.apply(team, x, weight, weight, 1e-6f, y)))
                    .isZero();
            assertThat(leastBytes(() -> Gelu.apply(team, y))).isZero();
            assertThat(leastBytes(() -> GeGlu.apply(team, x, half))).isZero();
            assertThat(leastBytes(() -> Residual.add(team, x, y))).isZero();
            assertThat(leastBytes(() -> rope.apply(team, q, 8, 149))).isZero();
            assertThat(leastBytes(() -> attention.apply(q, keys, keys, 8, 4, 256, 0.06f, 50, Mask.CAUSAL, out)))
                    .isZero();
            assertThat(leastBytes(() -> SoftCap.apply(y.data(), 0, width, 30))).isZero();
            assertThat(leastBytes(() -> Softmax.apply(y.data(), 0, width))).isZero();
            assertThat(leastBytes(() -> Softmax.log(y.data(), 0, width))).isZero();
        }
    }

    /** Bytes allocated by a batch of calls, once it is 0 or after the last batch. */
    private static long leastBytes(Runnable operation) {
        long bytes = Long.MAX_VALUE;
        for (int batch = 0; batch < MOST_BATCHES && bytes > 0; batch++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < BATCH; i++) {
                operation.run();
            }
            bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        return bytes;
    }
}
