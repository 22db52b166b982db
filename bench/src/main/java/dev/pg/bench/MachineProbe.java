package dev.pg.bench;

import dev.pg.core.HugePages;
import dev.pg.core.PgException;
import dev.pg.core.Workers;
import dev.pg.model.ModelOptions.WeightMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Measures what the machine can do, as often as it is asked. Not thread-safe. */
final class MachineProbe implements AutoCloseable {
    /** Many times the last cache of most machines. */
    static final long MEMORY_BYTES = 512 << 20;

    /** Of each measurement of a look, of which the best counts. */
    private static final int LOOK_RUNS = 2;

    private final TemporaryDirectory directory = new TemporaryDirectory();
    private final Arena arena = Arena.ofShared();
    private final Map<WeightMemory, MemorySegment> memory = new EnumMap<>(WeightMemory.class);

    /**
     * Takes memory of each kind.
     *
     * @param bytes of each; they are allocated, and written to a temporary file
     * @throws PgException if the file cannot be written
     */
    MachineProbe(long bytes) {
        try {
            MemorySegment huge = HugePages.allocate(arena, bytes);
            memory.put(WeightMemory.RESIDENT, huge.fill((byte) 1));
            memory.put(WeightMemory.MAPPED, map(directory.path().resolve("mapped"), bytes));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Written as models are, and full: a hole in a file is read from one page of zeros. */
    @SuppressWarnings("restricted")
    private MemorySegment map(Path file, long bytes) {
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

    /**
     * Measures teams of each size.
     *
     * @param runs of each measurement, of which the best counts
     */
    Machine machine(Collection<Integer> threads, int runs) {
        SortedMap<Integer, Double> gflops = new TreeMap<>();
        SortedMap<Integer, Double> mapped = new TreeMap<>();
        SortedMap<Integer, Double> huge = new TreeMap<>();
        for (int n : threads) {
            try (Workers team = new Workers(n)) {
                gflops.put(n, FmaProbe.gflops(team, runs));
                mapped.put(n, ReadProbe.gbps(team, memory.get(WeightMemory.MAPPED), runs));
                huge.put(n, ReadProbe.gbps(team, memory.get(WeightMemory.RESIDENT), runs));
            }
        }
        return new Machine(gflops, mapped, huge);
    }

    /** A short look at what one team does with one kind of memory. */
    Limit limit(Workers team, WeightMemory weights) {
        return new Limit(FmaProbe.gflops(team, LOOK_RUNS), ReadProbe.gbps(team, memory.get(weights), LOOK_RUNS));
    }

    @Override
    public void close() {
        arena.close();
        directory.close();
    }
}
