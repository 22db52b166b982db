package dev.pg.bench;

import dev.pg.core.HugePages;
import dev.pg.core.PgException;
import dev.pg.core.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;

/** Measures a {@link Machine}. */
final class MachineProbe {
    /** Many times the last cache of most machines. */
    static final long MEMORY_BYTES = 512 << 20;

    private MachineProbe() {}

    /**
     * Measures for each number of threads.
     *
     * @param bytes of memory to read; they are allocated, and written to a temporary file, one after the other
     * @param runs of each measurement, of which the best counts
     * @throws PgException if the file cannot be written
     */
    static Machine measure(Collection<Integer> threads, long bytes, int runs) {
        SortedMap<Integer, Double> gflops = new TreeMap<>();
        for (int n : threads) {
            try (Workers team = new Workers(n)) {
                gflops.put(n, FmaProbe.gflops(team, runs));
            }
        }
        return new Machine(gflops, mapped(threads, bytes, runs), huge(threads, bytes, runs));
    }

    private static SortedMap<Integer, Double> huge(Collection<Integer> threads, long bytes, int runs) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = HugePages.allocate(arena, bytes);
            memory.fill((byte) 1);
            return read(threads, memory, runs);
        }
    }

    private static SortedMap<Integer, Double> mapped(Collection<Integer> threads, long bytes, int runs) {
        try (TemporaryDirectory directory = new TemporaryDirectory();
                Arena arena = Arena.ofShared()) {
            return read(threads, map(directory.path().resolve("mapped"), bytes, arena), runs);
        }
    }

    /** Written as models are, and full: a hole in a file is read from one page of zeros. */
    @SuppressWarnings("restricted")
    private static MemorySegment map(Path file, long bytes, Arena arena) {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer piece = ByteBuffer.allocateDirect(1 << 20);
            for (long at = 0; at < bytes; at += piece.capacity()) {
                channel.write(piece.rewind());
            }
            MemorySegment mapped = channel.map(MapMode.READ_ONLY, 0, bytes, arena);
            // Mapped segments are a class of their own, and a kernel that has seen two classes is slow with both.
            return MemorySegment.ofAddress(mapped.address()).reinterpret(bytes, arena, null);
        } catch (IOException e) {
            throw PgException.cannotWrite(file, e);
        }
    }

    private static SortedMap<Integer, Double> read(Collection<Integer> threads, MemorySegment memory, int runs) {
        SortedMap<Integer, Double> gbps = new TreeMap<>();
        for (int n : threads) {
            try (Workers team = new Workers(n)) {
                gbps.put(n, ReadProbe.gbps(team, memory, runs));
            }
        }
        return gbps;
    }
}
