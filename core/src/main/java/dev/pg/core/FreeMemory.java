package dev.pg.core;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** How much memory there is to have. */
public final class FreeMemory {
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private FreeMemory() {}

    /**
     * Bytes that can be allocated without swapping, as far as the system tells: what is free or cached files that can be dropped, and never
     * more than the limit of the container.
     */
    public static long bytes() {
        long total =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
        return Math.min(total, available(MEMINFO).orElse(total));
    }

    static OptionalLong available(Path meminfo) {
        try {
            return Files.readAllLines(meminfo).stream()
                    .filter(line -> line.matches("MemAvailable: +\\d+ kB"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty(); // not Linux, or a sandbox without /proc: not an error, only not known
        }
    }
}
