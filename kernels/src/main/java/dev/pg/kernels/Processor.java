package dev.pg.kernels;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What kernels have to know about the processor, beside the width of its vectors, as far as Linux tells. */
final class Processor {
    /** True for one of Intel's. */
    static final boolean INTEL = isIntel(Path.of("/proc/cpuinfo"));

    /**
     * Whether a thread that multiplies few tokens reads weights faster from several places at once than as one straight stream. {@code
     * -Dpg.streams=1|12} chooses for tests and measurements.
     */
    static final boolean MANY_STREAMS = Integer.getInteger("pg.streams", INTEL ? FewRows.STREAMS : 1) > 1;

    /** Bytes of the second-level cache; 0 where they are not known. */
    static final long L2_BYTES = l2Bytes(Path.of("/sys/devices/system/cpu/cpu0/cache"));

    private Processor() {}

    /** Reads no further than the first processor: where there are hundreds, the file takes long. */
    static boolean isIntel(Path cpuInfo) {
        try (BufferedReader reader = Files.newBufferedReader(cpuInfo)) {
            return reader.lines()
                    .takeWhile(line -> !line.isBlank())
                    .anyMatch(line -> line.startsWith("vendor_id") && line.endsWith("GenuineIntel"));
        } catch (IOException | UncheckedIOException e) {
            return false; // not Linux, or a sandbox without /proc: not an error, only not known
        }
    }

    static long l2Bytes(Path caches) {
        try {
            for (int i = 0; ; i++) {
                Path cache = caches.resolve("index" + i);
                if (Files.readString(cache.resolve("level")).strip().equals("2")) {
                    String size = Files.readString(cache.resolve("size")).strip(); // 2048K
                    return Long.parseLong(size, 0, size.length() - 1, 10) << 10;
                }
            }
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
            return 0; // no further cache, or another system
        }
    }
}
