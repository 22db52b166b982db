package dev.pg.core;

import static dev.pg.core.RawFile.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
    @TempDir
    private Path dir;

    private final Arena arena = Arena.ofShared();

    @AfterEach
    void unmap() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    static Stream<Path> goldenFiles() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of(System.getProperty("pg.testdata")))) {
            return files.filter(file -> file.toString().endsWith(".safetensors")).toList().stream();
        }
    }

    /** Files written by the reference library survive reading, writing and reading again. */
    @ParameterizedTest
    @MethodSource("goldenFiles")
    void aFileOfTheReferenceLibraryIsReadAndWrittenAgain(Path golden) {
        Safetensors read = Safetensors.open(golden, arena);
        assertThat(read.tensors()).isNotEmpty();
        Path copy = dir.resolve("copy.safetensors");
        Safetensors.write(copy, read.tensors().values(), read.metadata());
        Safetensors again = Safetensors.open(copy, arena);
        assertThat(again.metadata()).isEqualTo(read.metadata());
        assertThat(again.tensors().keySet()).isEqualTo(read.tensors().keySet());
        read.tensors().forEach((name, tensor) -> assertSame(again.tensors().get(name), tensor));
    }

    @Test
    void aKnownFileHasItsKnownContent() {
        Path demo = Path.of(System.getProperty("pg.testdata"), "demo-model", "paligemma2-demo", "model.safetensors");
        Safetensors file = Safetensors.open(demo, arena);
        assertThat(file.metadata()).containsExactly(Map.entry("format", "pt"));
        Tensor embedding = file.tensors().get("language_model.model.embed_tokens.weight");
        assertThat(embedding.shape()).containsExactly(1856, 144);
        assertThat(embedding.dtype()).isEqualTo(DType.BF16);
        assertThat(embedding.data().byteSize()).isEqualTo(534528);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void everyTypeIsReadAtAnyOffset(DType dtype) {
        int bytes = 6 * dtype.bytes();
        String header =
                "{" + entry("odd", "U8", "[3]", 0, 3) + "," + entry("x", dtype.name(), "[2,3]", 3, 3 + bytes) + "}";
        Path file = RawFile.write(dir.resolve("odd.safetensors"), header, 3 + bytes);
        Tensor x = Safetensors.open(file, arena).tensors().get("x");
        assertThat(x.dtype()).isEqualTo(dtype);
        assertThat(x.shape()).containsExactly(2, 3);
        for (int i = 0; i < bytes; i++) {
            assertThat(x.data().get(ValueLayout.JAVA_BYTE, i)).isEqualTo((byte) (3 + i));
        }
    }

    @Test
    void floatsAreReadAtEveryAlignment() {
        for (int pad = 0; pad < 8; pad++) {
            ByteBuffer data = ByteBuffer.allocate(pad + 12).order(ByteOrder.LITTLE_ENDIAN);
            data.position(pad).putFloat(1.5f).putFloat(-0f).putFloat(Float.MIN_VALUE);
            String header = "{" + entry("x", "F32", "[3]", pad, pad + 12) + ","
                    + entry("pad", "U8", "[" + pad + "]", 0, pad) + "}";
            byte[] bytes = RawFile.bytes(header.getBytes(StandardCharsets.UTF_8), data.array());
            Path file = RawFile.write(dir.resolve(pad + ".safetensors"), bytes);
            Tensor x = Safetensors.open(file, arena).tensors().get("x");
            assertThat(x.toFloats()).containsExactly(1.5f, -0f, Float.MIN_VALUE);
        }
    }

    @Test
    void tensorsComeInTheOrderOfTheirData() {
        String header = "{" + entry("second", "U8", "[2]", 1, 3) + "," + entry("third", "U8", "[1]", 3, 4) + ","
                + entry("first", "U8", "[1]", 0, 1) + "}";
        Path file = RawFile.write(dir.resolve("a.safetensors"), header, 4);
        assertThat(Safetensors.open(file, arena).tensors().keySet()).containsExactly("first", "second", "third");
    }

    @Test
    void emptyTensorsAndScalarsAndEmptyFilesAreFine() {
        String header = "{" + entry("none", "F32", "[0,7]", 0, 0) + "," + entry("one", "U8", "[]", 0, 1) + ","
                + entry("end", "I64", "[3,0]", 1, 1) + "}  \n ";
        Map<String, Tensor> tensors = Safetensors.open(RawFile.write(dir.resolve("a.safetensors"), header, 1), arena)
                .tensors();
        assertThat(tensors).containsOnlyKeys("none", "one", "end");
        assertThat(tensors.get("none").elements()).isZero();
        assertThat(tensors.get("one").rank()).isZero();
        assertThat(tensors.get("one").elements()).isOne();
        Path empty = RawFile.write(dir.resolve("empty.safetensors"), "{}", 0);
        assertThat(Safetensors.open(empty, arena).tensors()).isEmpty();
    }

    @Test
    void unknownKeysOfATensorAreSkipped() {
        String header =
                "{\"x\":{\"later\":{\"a\":[1,{}]},\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":null}}";
        Path file = RawFile.write(dir.resolve("a.safetensors"), header, 1);
        assertThat(Safetensors.open(file, arena).tensors()).containsOnlyKeys("x");
    }

    /** A sparse file: it takes a few kilobytes of disk. */
    @Test
    void tensorsLieBeyondTwoGigabytes() throws IOException {
        long before = (1L << 31) + 13;
        byte[] header = ("{" + entry("big", "U8", "[" + before + "]", 0, before) + ","
                        + entry("x", "F32", "[2]", before, before + 8) + "}")
                .getBytes(StandardCharsets.UTF_8);
        Path file = dir.resolve("big.safetensors");
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW, StandardOpenOption.SPARSE)) {
            out.write(ByteBuffer.wrap(RawFile.bytes(header, new byte[0])));
            ByteBuffer floats = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            out.write(floats.putFloat(2.5f).putFloat(-4).flip(), Long.BYTES + header.length + before);
        }
        Map<String, Tensor> tensors = Safetensors.open(file, arena).tensors();
        assertThat(tensors.get("x").toFloats()).containsExactly(2.5f, -4);
        assertThat(tensors.get("big").data().byteSize()).isEqualTo(before);
        assertThat(tensors.get("big").data().get(ValueLayout.JAVA_BYTE, before - 1))
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFileInsideAnArchiveIsRead(boolean compressed) throws IOException {
        Path archive = dir.resolve("a.zip");
        Map<String, Object> options = Map.of("create", "true", "compressionMethod", compressed ? "DEFLATED" : "STORED");
        Tensor x = Tensor.ofFloats("x", new float[700_000], 7, 100_000);
        Path plain = dir.resolve("x.safetensors");
        Safetensors.write(plain, List.of(x, Tensor.ofBytes("b", new byte[] {5, 6}, 2)), Map.of());
        try (FileSystem zip = FileSystems.newFileSystem(archive, options)) {
            Files.copy(plain, zip.getPath("/x.safetensors"));
        }
        Map<String, Tensor> tensors;
        try (FileSystem zip = FileSystems.newFileSystem(archive)) {
            tensors = Safetensors.open(zip.getPath("/x.safetensors"), arena).tensors();
        }
        assertSame(tensors.get("x"), x);
        assertThat(tensors.get("b").data().toArray(ValueLayout.JAVA_BYTE)).containsExactly(5, 6);
    }

    @Test
    void theArenaDecidesHowLongTensorsLive() {
        Path file = RawFile.write(dir.resolve("a.safetensors"), "{" + entry("x", "F32", "[1]", 0, 4) + "}", 4);
        Tensor x = Safetensors.open(file, arena).tensors().get("x");
        arena.close();
        assertThatIllegalStateException().isThrownBy(x::toFloats);
    }

    @Test
    void noFileStaysOpen() throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        assumeTrue(Files.isDirectory(descriptors));
        Path good = RawFile.write(dir.resolve("good.safetensors"), "{" + entry("x", "U8", "[4]", 0, 4) + "}", 4);
        Path bad = RawFile.write(dir.resolve("bad.safetensors"), "{" + entry("x", "U8", "[4]", 0, 4) + "}", 3);
        Safetensors.open(good, arena);
        assertThatThrownBy(() -> Safetensors.open(bad, arena)).isInstanceOf(PgException.class);
        List<String> open;
        try (Stream<Path> links = Files.list(descriptors)) {
            open = links.map(SafetensorsTest::target).toList();
        }
        assertThat(open).isNotEmpty().noneMatch(target -> target.endsWith(".safetensors"));
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }

    static void assertSame(Tensor actual, Tensor expected) {
        assertThat(actual.name()).isEqualTo(expected.name());
        assertThat(actual.dtype()).isEqualTo(expected.dtype());
        assertThat(actual.shape()).isEqualTo(expected.shape());
        assertThat(actual.data().mismatch(expected.data()))
                .as("first byte that differs in %s", expected)
                .isEqualTo(-1);
    }
}
