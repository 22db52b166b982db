package dev.pg.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriteTest {
    @TempDir
    private Path dir;

    /** The bytes that Python's safetensors 0.8.0 writes for the same tensors, metadata sorted. */
    @Test
    void theBytesAreThoseOfTheReferenceLibrary() throws IOException {
        Path file = dir.resolve("a.safetensors");
        Safetensors.write(
                file,
                List.of(
                        Tensor.ofBytes("b", new byte[] {1, 2, 3}, 3),
                        Tensor.ofFloats("f\u00fc\"", new float[] {1, -2}, 1, 2),
                        Tensor.ofLongs("l", new long[] {-1})),
                Map.of("k", "v", "a", "\u00e9\n"));
        String header = "{\"__metadata__\":{\"a\":\"\u00e9\\n\",\"k\":\"v\"},"
                + "\"l\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                + "\"f\u00fc\\\"\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[16,19]}}";
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        byte[] padded = (header + " ".repeat((8 - json.length % 8) % 8)).getBytes(StandardCharsets.UTF_8);
        byte[] data = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, (byte) 0x80, 0x3f, 0, 0, 0, (byte) 0xc0, 1, 2, 3};
        assertThat(Files.readAllBytes(file)).isEqualTo(RawFile.bytes(padded, data));
    }

    @Test
    void aSourceIsAskedForItsBytesInOrder() {
        Path file = dir.resolve("a.safetensors");
        Counting source = new Counting(3_000_001);

        Safetensors.write(file, List.of(Tensor.ofBytes("first", new byte[] {5}, 1), source), Map.of());

        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data =
                    Safetensors.open(file, arena).tensors().get("counting").data();
            assertThat(data.byteSize()).isEqualTo(3_000_001);
            assertThat(source.written).isEqualTo(3_000_001);
            for (long i = 0; i < data.byteSize(); i += 997) {
                assertThat(data.get(ValueLayout.JAVA_BYTE, i)).isEqualTo((byte) (i % 251));
            }
        }
    }

    /** Byte i is i mod 251, made when it is asked for. */
    private static final class Counting implements TensorSource {
        private final long size;
        private long written;

        Counting(long size) {
            this.size = size;
        }

        @Override
        public String name() {
            return "counting";
        }

        @Override
        public DType dtype() {
            return DType.U8;
        }

        @Override
        public long[] shape() {
            return new long[] {size};
        }

        @Override
        public void copyTo(MemorySegment target, long offset) {
            assertThat(offset).isEqualTo(written);
            for (long i = 0; i < target.byteSize(); i++) {
                target.set(ValueLayout.JAVA_BYTE, i, (byte) ((offset + i) % 251));
            }
            written += target.byteSize();
        }
    }

    @Test
    void anyTensorsSurviveInAnyKindOfMemory() {
        Random random = new Random(7);
        Path file = dir.resolve("a.safetensors");
        try (Arena arena = Arena.ofConfined()) {
            for (int round = 0; round < 30; round++) {
                List<Tensor> tensors = new ArrayList<>();
                for (DType dtype : DType.values()) {
                    tensors.add(randomTensor(dtype, random, arena));
                }
                tensors.add(
                        new Tensor("heap", DType.F32, new long[] {3}, MemorySegment.ofArray(new float[] {1, 2, 3})));
                Collections.shuffle(tensors, random);
                Safetensors.write(file, tensors, Map.of());
                Map<String, Tensor> read = Safetensors.open(file, arena).tensors();
                assertThat(read).hasSameSizeAs(tensors);
                tensors.forEach(tensor -> SafetensorsTest.assertSame(read.get(tensor.name()), tensor));
                // The reason for writing wide types first.
                read.values()
                        .forEach(t -> assertThat(t.data().address() % t.dtype().bytes())
                                .isZero());
            }
        }
    }

    private static Tensor randomTensor(DType dtype, Random random, Arena arena) {
        long[] shape = random.longs(random.nextInt(5), 0, 6).toArray();
        long elements = 1;
        for (long size : shape) {
            elements *= size;
        }
        byte[] bytes = new byte[(int) elements * dtype.bytes()];
        random.nextBytes(bytes);
        MemorySegment data = arena.allocate(bytes.length + 1).asSlice(1); // unaligned
        MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return new Tensor(dtype + "." + shape.length, dtype, shape, data);
    }

    @Test
    void aTensorLargerThanTheCopyBufferIsComplete() {
        byte[] values = new byte[(5 << 20) + 3];
        new Random(1).nextBytes(values);
        Tensor large = Tensor.ofBytes("large", values, values.length);
        Path file = dir.resolve("a.safetensors");
        Safetensors.write(file, List.of(large), Map.of());
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsTest.assertSame(Safetensors.open(file, arena).tensors().get("large"), large);
        }
    }

    @Test
    void aFileMayBeReplacedByItsOwnTensorsWhileItIsMapped() {
        Path file = dir.resolve("a.safetensors");
        Safetensors.write(file, List.of(Tensor.ofFloats("x", new float[] {1, 2}, 2)), Map.of());
        try (Arena arena = Arena.ofConfined()) {
            Tensor x = Safetensors.open(file, arena).tensors().get("x");
            Safetensors.write(file, List.of(x.withName("y")), Map.of());
            assertThat(x.toFloats()).containsExactly(1, 2);
            assertThat(Safetensors.open(file, arena).tensors().get("y").toFloats())
                    .containsExactly(1, 2);
        }
    }

    @Test
    void namesMustBeDistinct() {
        Tensor x = Tensor.ofFloats("x", new float[1], 1);
        Path file = dir.resolve("a.safetensors");
        assertThatIllegalArgumentException().isThrownBy(() -> Safetensors.write(file, List.of(x, x), Map.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Safetensors.write(file, List.of(x.withName("__metadata__")), Map.of()));
        assertThat(file).doesNotExist();
    }
}
