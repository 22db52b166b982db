package dev.pg.cli;

import dev.pg.core.AtomicFile;
import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.kernels.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes embeddings to one file when the last is there: safetensors with {@code image_embeds} and {@code text_embeds} [n × dim], or
 * {@code image.N} [patches × dim] where a picture has several vectors; or numpy's npy, pictures before texts. What each row was made
 * from stands in the safetensors file's metadata.
 */
final class EmbeddingFile implements EmbeddingSink {
    private record Entry(String source, long rows, long cols, long begin, boolean several) {
        long bytes() {
            return rows * cols * Float.BYTES;
        }
    }

    private final Path file;
    private final boolean numpy;
    private final Map<Kind, String> words;
    private final Spool spool;
    private final Map<Kind, List<Entry>> entries = new EnumMap<>(Kind.class);
    private Entry first; // null: nothing was added
    private long bytes;

    /**
     * @param file ends in {@code .npy} or {@code .safetensors}
     * @param words what tensors of several vectors are called: {@code image}, {@code page}, {@code query}
     */
    EmbeddingFile(Path file, Map<Kind, String> words) {
        this.file = file;
        this.numpy = isNumpy(file);
        this.words = words;
        this.spool = new Spool(file);
        for (Kind kind : Kind.values()) {
            entries.put(kind, new ArrayList<>());
        }
    }

    /** True if the name is that of a file this can write. */
    static boolean accepts(Path file) {
        return isNumpy(file) || file.toString().endsWith(".safetensors");
    }

    private static boolean isNumpy(Path file) {
        return file.toString().endsWith(".npy");
    }

    @Override
    public void add(Kind kind, String source, Matrix vectors, boolean several) {
        Entry entry = new Entry(source, vectors.rows(), vectors.cols(), bytes, several);
        if (first == null) {
            first = entry;
        } else if (numpy && (entry.rows != first.rows || entry.cols != first.cols)) {
            throw new PgException(file + ": an npy file holds one array, but the embeddings have different numbers of"
                    + " vectors; write a .safetensors file instead");
        }
        spool.append(vectors.toArray());
        entries.get(kind).add(entry);
        bytes += entry.bytes();
    }

    @Override
    public void finish() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment data = spool.bytes(arena);
            if (numpy) {
                writeNumpy(data);
            } else {
                writeSafetensors(data);
            }
        }
    }

    private void writeSafetensors(MemorySegment data) {
        List<Tensor> tensors = new ArrayList<>();
        Map<String, String> metadata = new TreeMap<>();
        for (Kind kind : Kind.values()) {
            List<Entry> all = entries.get(kind);
            if (all.isEmpty()) {
                continue;
            }
            if (all.getFirst().several) {
                for (int i = 0; i < all.size(); i++) {
                    Entry one = all.get(i);
                    MemorySegment rows = data.asSlice(one.begin, one.bytes());
                    tensors.add(
                            new Tensor(words.get(kind) + "." + i, DType.F32, new long[] {one.rows, one.cols}, rows));
                }
            } else {
                long[] shape = {all.size(), all.getFirst().cols};
                String name = kind == Kind.IMAGE ? "image_embeds" : "text_embeds";
                MemorySegment rows = data.asSlice(all.getFirst().begin, shape[0] * shape[1] * Float.BYTES);
                tensors.add(new Tensor(name, DType.F32, shape, rows));
            }
            List<String> sources = all.stream().map(Entry::source).toList();
            metadata.put(
                    kind == Kind.IMAGE ? "images" : "texts", JsonMapper.shared().writeValueAsString(sources));
        }
        Safetensors.write(file, tensors, metadata);
    }

    private void writeNumpy(MemorySegment data) {
        List<Entry> all = new ArrayList<>();
        entries.values().forEach(all::addAll);
        boolean several = all.stream().anyMatch(Entry::several);
        long rows = first == null ? 0 : first.rows;
        long cols = first == null ? 0 : first.cols;
        String shape = several ? all.size() + ", " + rows + ", " + cols : all.size() + ", " + cols;
        byte[] header = NpyHeader.of(shape);
        AtomicFile.write(file, out -> {
            out.write(ByteBuffer.wrap(header));
            ByteBuffer content = null;
            for (long at = 0; at < data.byteSize(); at += content.capacity()) {
                content = data.asSlice(at, Math.min(1 << 20, data.byteSize() - at))
                        .asByteBuffer();
                while (content.hasRemaining()) {
                    out.write(content);
                }
            }
        });
    }

    @Override
    public void close() {
        spool.close();
    }
}
