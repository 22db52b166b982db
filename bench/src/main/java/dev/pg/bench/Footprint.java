package dev.pg.bench;

import dev.pg.core.PgException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What this process holds in memory, as Linux counts it.
 *
 * @param files bytes of mapped files, which the system may share and drop
 * @param anonymous bytes of everything else: heap, the free part of it included, code, stacks
 * @param heap bytes of objects in use
 */
record Footprint(long files, long anonymous, long heap) {
    private static final Path STATUS = Path.of("/proc/self/status");

    /** After a collection; the first two are 0 where there is no {@code /proc}. */
    static Footprint now() {
        System.gc();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        if (!Files.exists(STATUS)) {
            return new Footprint(0, 0, heap);
        }
        try {
            List<String> lines = Files.readAllLines(STATUS);
            return new Footprint(bytes(lines, "RssFile:"), bytes(lines, "RssAnon:"), heap);
        } catch (IOException e) {
            throw PgException.cannotRead(STATUS, e);
        }
    }

    /** Lines are like {@code RssFile:   12345 kB}. */
    private static long bytes(List<String> lines, String key) {
        return lines.stream()
                .filter(line -> line.startsWith(key))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElse(0);
    }
}
