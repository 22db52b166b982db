package dev.pg.cli;

import dev.pg.core.PgException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Floats on their way into a file whose header says how many there are: kept beside it until the last is known, not in memory. */
final class Spool implements AutoCloseable {
    private final Path file;
    private final FileChannel channel;

    /**
     * @param target the file to be; its folder takes the spool, which goes when it is closed
     * @throws PgException if the folder takes no file
     */
    Spool(Path target) {
        this.file = target.resolveSibling(".pg-" + UUID.randomUUID() + ".tmp");
        try {
            channel = FileChannel.open(
                    file,
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE);
        } catch (IOException e) {
            throw PgException.cannotWrite(target, e);
        }
    }

    void append(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw PgException.cannotWrite(file, e);
        }
    }

    /** All that was appended, little-endian. */
    MemorySegment bytes(Arena arena) {
        try {
            return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (IOException e) {
            throw PgException.cannotRead(file, e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw PgException.cannotWrite(file, e);
        }
    }
}
