package dev.pg.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResidentTest {
    private static final Path GOLDEN = Path.of(System.getProperty("pg.testdata"), "golden");
    private static final int PIECE = 16 << 20;

    @TempDir
    private Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"paligemma2-variants/bf16", "paligemma2-variants/sharded"})
    void residentWeightsAreTheMappedOnes(String variant) {
        try (Workers workers = new Workers(3);
                Checkpoint mapped = Checkpoint.open(GOLDEN.resolve(variant));
                Checkpoint resident = Checkpoint.openResident(GOLDEN.resolve(variant), workers)) {
            assertThat(resident.names()).isNotEmpty().containsExactlyElementsOf(mapped.names());
            assertThat(resident.metadata()).isEqualTo(mapped.metadata());
            assertThat(resident.bytes()).isEqualTo(mapped.bytes());
            for (String name : mapped.names()) {
                SafetensorsTest.assertSame(resident.tensor(name), mapped.tensor(name));
                assertThat(resident.tensor(name).data().address() % 64).isZero();
            }
        }
    }

    /** Tensors of no element, of odd sizes, and longer than a piece. */
    @Test
    void everyByteIsCopied() {
        List<Tensor> tensors = new ArrayList<>();
        for (int bytes : new int[] {0, 1, 63, 64, 65, PIECE, PIECE + 1, 2 * PIECE + 7}) {
            byte[] values = new byte[bytes];
            for (int i = 0; i < bytes; i++) {
                values[i] = (byte) ((i * 0x9E3779B9) >>> 24);
            }
            tensors.add(Tensor.ofBytes("t" + bytes, values, bytes));
        }
        Safetensors.write(dir.resolve("model.safetensors"), tensors, Map.of());
        try (Workers workers = new Workers(2);
                Checkpoint resident = Checkpoint.openResident(dir, workers)) {
            for (Tensor tensor : tensors) {
                SafetensorsTest.assertSame(resident.tensor(tensor.name()), tensor);
            }
        }
    }

    @Test
    void aResidentCheckpointNeedsItsFilesNoMore() throws IOException {
        Path file = dir.resolve("model.safetensors");
        Safetensors.write(file, List.of(Tensor.ofFloats("x", new float[] {1, 2}, 2)), Map.of());
        try (Workers workers = new Workers(1)) {
            Checkpoint resident = Checkpoint.openResident(dir, workers);
            Files.write(file, new byte[0]); // shortened: a mapping would now fault
            Tensor x = resident.tensor("x");
            assertThat(x.toFloats()).containsExactly(1, 2);
            resident.close();
            resident.close();
            assertThatIllegalStateException().isThrownBy(x::toFloats);
        }
    }

    @Test
    void weightsLargerThanMemoryAreRefused() {
        Safetensors.write(
                dir.resolve("model.safetensors"), List.of(Tensor.ofFloats("x", new float[250], 250)), Map.of());
        try (Checkpoint checkpoint = Checkpoint.open(dir)) {
            checkpoint.checkRoom(1000);
            assertThatExceptionOfType(PgException.class)
                    .isThrownBy(() -> checkpoint.checkRoom(999))
                    .withMessage(dir + ": weights of 0.0 GB do not fit into the 0.0 GB of memory that are free;"
                            + " use mapped weights");
        }
    }

    @Test
    void linuxTellsTheFreeMemory() throws IOException {
        Path meminfo = Files.writeString(
                dir.resolve("meminfo"), "MemTotal:       24683744 kB\nMemAvailable:   21042012 kB\nBuffers: 1 kB\n");
        assertThat(FreeMemory.available(meminfo)).hasValue(21042012L * 1024);
        assertThat(FreeMemory.available(dir.resolve("none"))).isEmpty();
        Files.writeString(meminfo, "something else\n");
        assertThat(FreeMemory.available(meminfo)).isEmpty();
        assertThat(FreeMemory.bytes()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, HugePages.PAGE - 1, HugePages.PAGE, 3 * HugePages.PAGE + 5})
    void hugePagesAreAlignedAndWritable(long bytes) {
        MemorySegment memory;
        try (Arena arena = Arena.ofShared()) {
            memory = HugePages.allocate(arena, bytes);
            assertThat(memory.address() % HugePages.PAGE).isZero();
            byte[] sevens = new byte[(int) bytes];
            Arrays.fill(sevens, (byte) 7);
            memory.fill((byte) 7);
            assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(sevens);
        }
        assertThat(memory.scope().isAlive()).isFalse();
    }
}
