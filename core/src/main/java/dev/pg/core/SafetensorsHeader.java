package dev.pg.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamReadException;

/**
 * The head of a safetensors file, read as the untrusted input it is: eight bytes of length (unsigned, little-endian), then so many
 * bytes of JSON that name each tensor with its {@code dtype}, {@code shape} and {@code data_offsets} (begin and end, counted from
 * the end of the header). The rules are those of the reference library: the tensors fill the rest of the file without a hole, an
 * overlap or a spare byte.
 *
 * <p>Nothing is allocated on the word of the header alone: its length is compared with the size of the file first.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
final class SafetensorsHeader {
    /** The reference library refuses longer headers too. */
    static final int MAX_BYTES = 100_000_000;

    static final String METADATA_KEY = "__metadata__";

    private static final int PREFIX_BYTES = Long.BYTES;
    private static final int MAX_RANK = 32;

    /** One tensor as the header describes it; {@code begin} and {@code end} count from {@link #dataStart}. */
    static final class Entry {
        final String name;
        final DType dtype;
        final long[] shape;
        final long begin;
        final long end;

        Entry(String name, DType dtype, long[] shape, long begin, long end) {
            this.name = name;
            this.dtype = dtype;
            this.shape = shape;
            this.begin = begin;
            this.end = end;
        }
    }

    private final Path file;
    private final long fileBytes;
    private final long dataStart;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private SafetensorsHeader(Path file, long fileBytes, long dataStart) {
        this.file = file;
        this.fileBytes = fileBytes;
        this.dataStart = dataStart;
    }

    /** The tensors in the order of their data. */
    List<Entry> entries() {
        return entries;
    }

    /** The free-form strings under {@code __metadata__}. */
    Map<String, String> metadata() {
        return metadata;
    }

    /** Where in the file the data of the first tensor begins. */
    long dataStart() {
        return dataStart;
    }

    /** The length of all data, to the end of the file. */
    long dataBytes() {
        return fileBytes - dataStart;
    }

    /**
     * Reads and checks the header; leaves the channel at the first byte of data.
     *
     * @throws PgException if the file is not a sound safetensors file
     */
    static SafetensorsHeader read(Path file, SeekableByteChannel channel) throws IOException {
        long fileBytes = channel.size();
        if (fileBytes < PREFIX_BYTES) {
            throw new PgException(
                    file + ": has " + fileBytes + " bytes, too few for a safetensors file; download it again");
        }
        byte[] prefix = readFully(channel, PREFIX_BYTES);
        long headerBytes =
                ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (Arrays.equals(prefix, "version ".getBytes(StandardCharsets.US_ASCII))) {
            throw new PgException(file + ": is a Git LFS pointer, not the weights; fetch them with: git lfs pull");
        }
        if (headerBytes < 0 || headerBytes > MAX_BYTES) {
            throw new PgException(file + ": is not a safetensors file: claims a header of "
                    + Long.toUnsignedString(headerBytes) + " bytes, the limit is " + MAX_BYTES);
        }
        if (headerBytes > fileBytes - PREFIX_BYTES) {
            throw new PgException(file + ": is cut off inside the header: has " + fileBytes
                    + " bytes and should have at least " + (PREFIX_BYTES + headerBytes) + "; download it again");
        }
        SafetensorsHeader header = new SafetensorsHeader(file, fileBytes, PREFIX_BYTES + headerBytes);
        try {
            header.parse(readFully(channel, (int) headerBytes));
        } catch (JacksonException e) {
            throw header.broken("header is not valid: " + StrictJson.describe(e, PREFIX_BYTES), e);
        }
        header.checkLayout();
        return header;
    }

    private void parse(byte[] json) {
        try (JsonParser parser = StrictJson.object(json)) {
            for (String name; (name = parser.nextName()) != null; ) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw new StreamReadException(parser, "\"" + name + "\" is not an object");
                }
                if (name.equals(METADATA_KEY)) {
                    parseMetadata(parser);
                } else {
                    entries.add(parseEntry(parser, name));
                }
            }
            StrictJson.end(parser);
        }
    }

    private void parseMetadata(JsonParser parser) {
        for (String key; (key = parser.nextName()) != null; ) {
            metadata.put(key, StrictJson.nextString(parser, METADATA_KEY + " \"" + key + "\""));
        }
    }

    private Entry parseEntry(JsonParser parser, String name) {
        String dtype = null;
        long[] shape = null;
        long[] offsets = null;
        for (String key; (key = parser.nextName()) != null; ) {
            switch (key) {
                case "dtype" -> dtype = StrictJson.nextString(parser, "dtype of \"" + name + "\"");
                case "shape" -> shape = parseSizes(parser, "shape of \"" + name + "\"", MAX_RANK);
                case "data_offsets" -> offsets = parseSizes(parser, "data_offsets of \"" + name + "\"", 2);
                default -> {
                    // As the reference does: a later version of the format may say more about a tensor.
                    parser.nextToken();
                    parser.skipChildren();
                }
            }
        }
        if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
            throw broken("tensor \"" + name + "\" lacks one of dtype, shape and two data_offsets");
        }
        return checkEntry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private static long[] parseSizes(JsonParser parser, String what, int limit) {
        if (parser.nextToken() != JsonToken.START_ARRAY) {
            throw new StreamReadException(parser, what + " is not a list");
        }
        long[] sizes = new long[limit];
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT || parser.getLongValue() < 0) {
                throw new StreamReadException(parser, what + " holds something other than sizes");
            }
            if (count == limit) {
                throw new StreamReadException(parser, what + " has more than " + limit + " numbers");
            }
            sizes[count++] = parser.getLongValue();
        }
        return Arrays.copyOf(sizes, count);
    }

    private Entry checkEntry(String name, String dtypeName, long[] shape, long begin, long end) {
        DType dtype = Arrays.stream(DType.values())
                .filter(d -> d.name().equals(dtypeName))
                .findFirst()
                .orElseThrow(() -> new PgException(file + ": tensor \"" + name + "\" has the unknown dtype \""
                        + dtypeName + "\"; convert it to one of " + Arrays.toString(DType.values())));
        long bytes = dtype.bytes();
        try {
            for (long size : shape) {
                bytes = Math.multiplyExact(bytes, size);
            }
        } catch (ArithmeticException e) {
            throw broken("tensor \"" + name + "\" of shape " + Arrays.toString(shape) + " is larger than any file", e);
        }
        if (end < begin || end - begin != bytes) {
            throw broken("tensor \"" + name + "\" " + dtype + " " + Arrays.toString(shape) + " needs " + bytes
                    + " bytes, its data_offsets [" + begin + ", " + end + "] say otherwise");
        }
        return new Entry(name, dtype, shape, begin, end);
    }

    /** The data of all tensors, put in order, must be exactly the rest of the file. */
    private void checkLayout() {
        entries.sort(Comparator.<Entry>comparingLong(e -> e.begin).thenComparingLong(e -> e.end));
        long end = 0;
        for (Entry entry : entries) {
            if (entry.begin != end) {
                throw broken("tensor \"" + entry.name + "\" begins at data byte " + entry.begin
                        + (entry.begin < end
                                ? ", inside the one before, which ends at "
                                : ", after a hole that begins at ")
                        + end);
            }
            end = entry.end;
        }
        if (end > dataBytes()) {
            throw new PgException(file + ": is cut off: has " + fileBytes + " bytes and should have "
                    + Long.toUnsignedString(dataStart + end) + "; download it again");
        }
        if (end < dataBytes()) {
            throw broken("has " + fileBytes + " bytes and should have " + (dataStart + end) + ", " + (dataBytes() - end)
                    + " bytes belong to no tensor");
        }
    }

    private PgException broken(String what) {
        return broken(what, null);
    }

    private PgException broken(String what, Throwable cause) {
        return new PgException(file + ": " + what + "; the file is damaged: download or convert it again", cause);
    }

    private static byte[] readFully(SeekableByteChannel channel, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new IOException("the file became shorter while it was read");
            }
        }
        return buffer.array();
    }
}
