package dev.pg.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Thousands of damaged files: each is either read, and then every byte of its tensors can be touched, or refused with a
 * {@link PgException}. {@code -Dpg.fuzz=100000} runs more of them; iteration i depends on nothing but i, so that a failure can be run
 * again alone.
 */
class MutationTest {
    private static final int ITERATIONS = Integer.getInteger("pg.fuzz", 2000);

    private static final List<String> FRAGMENTS = List.of(
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\"\"",
            "null",
            "true",
            "-1",
            "0",
            "1e9",
            "0.5",
            "2147483648",
            "4294967296",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "\"dtype\"",
            "\"shape\"",
            "\"data_offsets\"",
            "\"__metadata__\"",
            "\"weight_map\"",
            "F16",
            "BF16",
            "I64",
            "F4",
            "../",
            "\\u0000",
            "\u00fc",
            "[[[[[[[[[[[[[[[[[[",
            "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":");

    @TempDir
    private Path dir;

    private Path shard;
    private Path index;

    @BeforeEach
    void writeCheckpoint() throws IOException {
        shard = dir.resolve("a.safetensors");
        index = dir.resolve("model.safetensors.index.json");
        Safetensors.write(
                shard,
                List.of(
                        Tensor.ofFloats("x", new float[] {1, 2, 3, 4, 5, 6}, 2, 3),
                        Tensor.ofLongs("ids", new long[] {7, 8}, 2),
                        Tensor.ofBytes("u.8", new byte[] {1, 2, 3}, 3)),
                Map.of("format", "pt"));
        Files.writeString(
                index,
                "{\"metadata\":{\"total_size\":43},\"weight_map\":{\"x\":\"a.safetensors\",\"ids\":\"a.safetensors\"}}");
    }

    @Test
    void damagedFilesAreReadOrRefused() throws IOException {
        mutate(Files.readAllBytes(shard), this::readShard);
    }

    /** The length prefix fits, so that the mutations reach deeper. */
    @Test
    void damagedHeadersAreReadOrRefused() throws IOException {
        byte[] whole = Files.readAllBytes(shard);
        int headerEnd = Long.BYTES
                + ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getInt();
        byte[] data = Arrays.copyOfRange(whole, headerEnd, whole.length);
        mutate(Arrays.copyOfRange(whole, Long.BYTES, headerEnd), header -> readShard(RawFile.bytes(header, data)));
    }

    @Test
    void damagedIndexesAreReadOrRefused() throws IOException {
        mutate(Files.readAllBytes(index), bytes -> {
            RawFile.write(index, bytes);
            try (Checkpoint checkpoint = Checkpoint.open(dir)) {
                checkpoint.names().forEach(name -> touch(checkpoint.tensor(name)));
            }
        });
    }

    private void readShard(byte[] bytes) {
        RawFile.write(shard, bytes);
        try (Arena arena = Arena.ofConfined()) {
            Safetensors.open(shard, arena).tensors().values().forEach(MutationTest::touch);
        }
    }

    private static void mutate(byte[] original, Consumer<byte[]> reader) {
        int read = 0;
        int refused = 0;
        for (int seed = 0; seed < ITERATIONS; seed++) {
            byte[] bytes = mutated(original, new Random(seed));
            try {
                reader.accept(bytes);
                read++;
            } catch (PgException e) {
                assertThat(e.getMessage())
                        .as("seed %d", seed)
                        .doesNotContain("\n")
                        .hasSizeLessThan(2100);
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        // A run in which everything is refused (or nothing) would test little.
        assertThat(read).isGreaterThan(ITERATIONS / 100);
        assertThat(refused).isGreaterThan(ITERATIONS / 10);
    }

    private static byte[] mutated(byte[] original, Random random) {
        byte[] bytes = original;
        for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
            int at = random.nextInt(bytes.length + 1);
            int length = Math.min(random.nextInt(12), bytes.length - at);
            byte[] fragment = FRAGMENTS.get(random.nextInt(FRAGMENTS.size())).getBytes(StandardCharsets.UTF_8);
            bytes = switch (random.nextInt(7)) {
                case 0 -> splice(bytes, at, 0, fragment);
                case 1 -> splice(bytes, at, length, fragment);
                case 2 -> splice(bytes, at, length, new byte[0]);
                case 3 -> splice(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
                case 4 -> splice(bytes, at, Math.min(1, length), new byte[] {(byte) random.nextInt(256)});
                case 5 -> splice(bytes, at, Math.min(1, length), new byte[] {(byte) ('0' + random.nextInt(10))});
                default -> random.nextInt(4) == 0 ? Arrays.copyOf(bytes, at) : bytes;
            };
        }
        return bytes;
    }

    private static byte[] splice(byte[] bytes, int at, int remove, byte[] insert) {
        byte[] out = new byte[bytes.length - remove + insert.length];
        System.arraycopy(bytes, 0, out, 0, at);
        System.arraycopy(insert, 0, out, at, insert.length);
        System.arraycopy(bytes, at + remove, out, at + insert.length, bytes.length - at - remove);
        return out;
    }

    private static void touch(Tensor tensor) {
        byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
        assertThat(bytes)
                .hasSize(Math.toIntExact(tensor.elements() * tensor.dtype().bytes()));
    }
}
