package dev.pg.kernels;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a kernel has to know about the processor, beside the width of its vectors. */
final class Processor {
    /** True for one of Intel's, as far as Linux tells. */
    static final boolean INTEL = isIntel(Path.of("/proc/cpuinfo"));

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
}
