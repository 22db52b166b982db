package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessorTest {
    @TempDir
    private Path dir;

    @Test
    void intelIsKnownByTheFirstProcessor() throws IOException {
        String intel = "processor\t: 0\nvendor_id\t: GenuineIntel\n\n";
        String amd = "processor\t: 0\nvendor_id\t: AuthenticAMD\n\n";
        assertThat(Processor.isIntel(cpuInfo(intel))).isTrue();
        assertThat(Processor.isIntel(cpuInfo(intel + amd))).isTrue();
        assertThat(Processor.isIntel(cpuInfo(amd))).isFalse();
        assertThat(Processor.isIntel(cpuInfo(amd + intel))).isFalse();
    }

    @Test
    void anUnknownProcessorIsNone() throws IOException {
        assertThat(Processor.isIntel(dir.resolve("none"))).isFalse();
        assertThat(Processor.isIntel(cpuInfo(""))).isFalse();
        assertThat(Processor.isIntel(cpuInfo("CPU implementer\t: 0x41\n"))).isFalse();
        assertThat(Processor.isIntel(Files.write(dir.resolve("binary"), new byte[] {-1, -2, -3})))
                .isFalse();
    }

    @Test
    void theSecondLevelCacheIsFoundByItsLevel() throws IOException {
        cache(0, "1", "48K");
        assertThat(Processor.l2Bytes(dir)).isZero();
        cache(1, "2", "2048K");
        cache(2, "3", "491520K");
        assertThat(Processor.l2Bytes(dir)).isEqualTo(2 << 20);
        cache(1, "2", "?");
        assertThat(Processor.l2Bytes(dir)).isZero();
        assertThat(Processor.l2Bytes(dir.resolve("none"))).isZero();
    }

    private void cache(int index, String level, String size) throws IOException {
        Path cache = Files.createDirectories(dir.resolve("index" + index));
        Files.writeString(cache.resolve("level"), level + "\n");
        Files.writeString(cache.resolve("size"), size + "\n");
    }

    private Path cpuInfo(String text) throws IOException {
        return Files.writeString(dir.resolve("cpuinfo"), text);
    }
}
