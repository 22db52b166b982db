package dev.pg.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuTopologyTest {
    @TempDir
    private Path dir;

    @Test
    void hyperThreadsOfOneCoreCountOnce() throws IOException {
        for (int cpu = 0; cpu < 8; cpu++) {
            siblings(cpu, (cpu % 4) + "," + (cpu % 4 + 4));
        }
        assertThat(CpuTopology.physicalCores(status("0-7"), dir)).hasValue(4);
        assertThat(CpuTopology.physicalCores(status("0,4"), dir)).hasValue(1);
        assertThat(CpuTopology.physicalCores(status("1-2,5"), dir)).hasValue(2);
    }

    @Test
    void withoutTheFilesNothingIsKnown() throws IOException {
        assertThat(CpuTopology.physicalCores(dir.resolve("none"), dir)).isEmpty();
        assertThat(CpuTopology.physicalCores(status("0-1"), dir)).isEmpty();
        assertThat(CpuTopology.physicalCores(status("?"), dir)).isEmpty();
        assertThat(CpuTopology.physicalCores(Files.writeString(dir.resolve("status"), "Name:\tpg\n"), dir))
                .isEmpty();
    }

    private void siblings(int cpu, String list) throws IOException {
        Path topology = Files.createDirectories(dir.resolve("cpu" + cpu + "/topology"));
        Files.writeString(topology.resolve("thread_siblings_list"), list + "\n");
    }

    private Path status(String allowed) throws IOException {
        return Files.writeString(
                dir.resolve("status"), "Name:\tpg\nCpus_allowed_list:\t" + allowed + "\nThreads:\t1\n");
    }
}
