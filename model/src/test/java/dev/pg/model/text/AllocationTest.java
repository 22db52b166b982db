package dev.pg.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.pg.core.Checkpoint;
import dev.pg.kernels.Gemm;
import dev.pg.model.Compute;
import dev.pg.model.ModelTensors;
import dev.pg.model.config.ConfigNode;
import dev.pg.model.config.TextConfig;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A decoding step allocates nothing once the buffers are there. */
class AllocationTest {
    @Test
    void stepsAllocateNothing() {
        Path directory = Path.of(System.getProperty("pg.testdata")).resolve("golden/gemma2-text");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Checkpoint checkpoint = Checkpoint.open(directory);
                Compute compute = Compute.start(2, Gemm.best())) {
            TextConfig config = TextConfig.read(ConfigNode.read(directory.resolve("config.json")), true);
            GemmaSequences sequences =
                    new GemmaSequences(new Gemma(config, new ModelTensors(checkpoint)), compute, config.finalSoftCap());
            int measured = 200;
            int warmUp = 3000;
            sequences.add(Prompt.ofText(new int[] {2, 5, 9}), warmUp + 2 * measured);
            int[] token = {7};
            for (int i = 0; i < warmUp; i++) {
                sequences.step(token);
            }
            long thread = Thread.currentThread().threadId();
            long before = threads.getThreadAllocatedBytes(thread);
            for (int i = 0; i < measured; i++) {
                sequences.step(token);
            }
            long perToken = (threads.getThreadAllocatedBytes(thread) - before) / measured;
            assertThat(perToken).isLessThan(1024);
        }
    }
}
