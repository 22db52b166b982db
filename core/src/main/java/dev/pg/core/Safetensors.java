package dev.pg.core;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * One safetensors file: named tensors and a few strings. Reading maps the file and copies nothing; the tensors live as long as the
 * arena. Files may be larger than memory, and tensors may begin at any byte.
 *
 * <p>Immutable and thread-safe. The file must not be shortened while it is mapped: the JVM then reports an
 * {@link InternalError} on access. Replacing it by {@link #write} is safe.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
public final class Safetensors {
    private static final int HEADER_ALIGNMENT = 8;
    private static final int COPY_BYTES = 1 << 20;

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata;

    private Safetensors(SafetensorsHeader header, MemorySegment data) {
        for (SafetensorsHeader.Entry entry : header.entries()) {
            MemorySegment bytes = data.asSlice(entry.begin, entry.end - entry.begin);
            tensors.put(entry.name, new Tensor(entry.name, entry.dtype, entry.shape, bytes));
        }
        metadata = header.metadata();
    }

    /**
     * Opens a file. The file itself is closed again on return; its memory belongs to {@code arena}.
     *
     * @param file on any file system; on others than the default one (inside a jar) it is read instead of mapped
     * @param arena decides how long the tensors live and which threads may read them
     * @throws PgException if the file is missing, unreadable, or not a sound safetensors file; the message says which
     */
    public static Safetensors open(Path file, Arena arena) {
        if (!Files.exists(file)) {
            throw new PgException(
                    file + (Files.isSymbolicLink(file) ? ": points to a file that does not exist" : ": no such file"));
        }
        if (!Files.isRegularFile(file)) {
            throw new PgException(file + ": is not a file; give the path of a .safetensors file");
        }
        boolean mappable = file.getFileSystem().equals(FileSystems.getDefault());
        try (SeekableByteChannel channel =
                mappable ? FileChannel.open(file, StandardOpenOption.READ) : Files.newByteChannel(file)) {
            SafetensorsHeader header = SafetensorsHeader.read(file, channel);
            MemorySegment data = mappable
                    ? ((FileChannel) channel).map(MapMode.READ_ONLY, header.dataStart(), header.dataBytes(), arena)
                    : read(channel, header.dataBytes(), arena);
            return new Safetensors(header, data);
        } catch (IOException e) {
            throw PgException.cannotRead(file, e);
        }
    }

    /** The tensors by name, in the order of their data in the file. */
    public Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** The strings that the writer attached, for example {@code format=pt}; often empty. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    /**
     * Writes a file that every safetensors library reads. The same arguments give the same bytes. The data is streamed in small pieces,
     * so the sources may be larger than memory, and the file appears under its name only when it is complete (see {@link AtomicFile}).
     *
     * @param tensors with distinct names; wider types are stored first, else in this order
     * @param metadata strings to attach; may be empty
     * @throws IllegalArgumentException if a name occurs twice or is {@code __metadata__}
     * @throws PgException if the file cannot be written; nothing is left behind
     */
    public static void write(Path file, Collection<? extends TensorSource> tensors, Map<String, String> metadata) {
        // Widest first, as the reference library does: each tensor is then aligned to its own type, which PyTorch
        // needs.
        List<TensorSource> ordered = new ArrayList<>(tensors);
        ordered.sort(Comparator.comparingInt(t -> -t.dtype().bytes()));
        byte[] header = header(ordered, metadata);
        AtomicFile.write(file, out -> {
            ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            writeFully(out, length.putLong(header.length).flip());
            writeFully(out, ByteBuffer.wrap(header));
            try (Arena staging = Arena.ofConfined()) {
                MemorySegment buffer = staging.allocate(COPY_BYTES);
                for (TensorSource tensor : ordered) {
                    writeData(out, tensor, buffer);
                }
            }
        });
    }

    private static byte[] header(List<TensorSource> tensors, Map<String, String> metadata) {
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        try (JsonGenerator generator =
                JsonFactory.builder().build().createGenerator(ObjectWriteContext.empty(), json)) {
            generator.writeStartObject();
            if (!metadata.isEmpty()) {
                generator.writeObjectPropertyStart(SafetensorsHeader.METADATA_KEY);
                // Sorted, because the order of Map.of changes from run to run.
                new TreeMap<>(metadata).forEach(generator::writeStringProperty);
                generator.writeEndObject();
            }
            Set<String> names = new HashSet<>(Set.of(SafetensorsHeader.METADATA_KEY));
            long offset = 0;
            for (TensorSource tensor : tensors) {
                if (!names.add(tensor.name())) {
                    throw new IllegalArgumentException("name taken: \"" + tensor.name() + "\"");
                }
                generator.writeObjectPropertyStart(tensor.name());
                generator.writeStringProperty("dtype", tensor.dtype().name());
                generator.writeName("shape").writeArray(tensor.shape(), 0, tensor.shape().length);
                long end = offset + tensor.bytes();
                generator.writeName("data_offsets").writeArray(new long[] {offset, end}, 0, 2);
                generator.writeEndObject();
                offset = end;
            }
            generator.writeEndObject();
        }
        while (json.size() % HEADER_ALIGNMENT != 0) {
            json.write(' ');
        }
        return json.toByteArray();
    }

    // Through a buffer of our own: it bounds the memory, and a heap segment over floats has no view as a ByteBuffer.
    private static void writeData(WritableByteChannel out, TensorSource tensor, MemorySegment buffer)
            throws IOException {
        long bytes = tensor.bytes();
        for (long from = 0; from < bytes; from += buffer.byteSize()) {
            MemorySegment piece = buffer.asSlice(0, Math.min(buffer.byteSize(), bytes - from));
            tensor.copyTo(piece, from);
            writeFully(out, piece.asByteBuffer());
        }
    }

    private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    private static MemorySegment read(SeekableByteChannel channel, long bytes, Arena arena) throws IOException {
        MemorySegment data = arena.allocate(bytes);
        for (long at = 0; at < bytes; ) {
            int read = channel.read(
                    data.asSlice(at, Math.min(COPY_BYTES, bytes - at)).asByteBuffer());
            if (read < 0) {
                throw new IOException("the file became shorter while it was read");
            }
            at += read;
        }
        return data;
    }
}
