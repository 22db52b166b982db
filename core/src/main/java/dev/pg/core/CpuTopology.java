package dev.pg.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;

/** What Linux tells about hyper-threads. */
final class CpuTopology {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CPUS = Path.of("/sys/devices/system/cpu");

    private CpuTopology() {}

    /** Physical cores on which this process may run; empty where the platform does not say. */
    static OptionalInt physicalCores() {
        return physicalCores(STATUS, CPUS);
    }

    static OptionalInt physicalCores(Path status, Path cpus) {
        Set<String> cores = new HashSet<>();
        try {
            String allowed = Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("Cpus_allowed_list:"))
                    .findFirst()
                    .orElse(":")
                    .split(":", 2)[1];
            for (int cpu : parseList(allowed).stream().toArray()) {
                Path siblings = cpus.resolve("cpu" + cpu + "/topology/thread_siblings_list");
                cores.add(Files.readString(siblings).strip());
            }
        } catch (IOException | NumberFormatException e) {
            return OptionalInt.empty(); // not Linux, or a sandbox without /sys: not an error, only not known
        }
        return cores.isEmpty() ? OptionalInt.empty() : OptionalInt.of(cores.size());
    }

    /** A kernel list such as {@code 0-3,8}. */
    private static BitSet parseList(String list) {
        BitSet cpus = new BitSet();
        for (String range : list.strip().split(",", -1)) {
            String[] ends = range.split("-", 2);
            cpus.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
        }
        return cpus;
    }
}
