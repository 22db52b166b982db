package dev.pg.model.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NpzTest {
    private static final Path GOLDEN =
            Path.of(System.getProperty("pg.testdata"), "golden-pg", "mask-decoder", "narrow.npz");

    @TempDir
    private Path dir;

    @Test
    void readsArraysOfEveryWidth() {
        Map<String, Tensor> arrays = Npz.read(GOLDEN);

        assertThat(arrays).hasSize(25).containsKey("_vq_vae._embedding");
        assertThat(arrays.values()).extracting(t -> t.dtype().bytes()).contains(2, 4, 8);
        assertThat(arrays.get("decoder.4.weight").shape()).containsExactly(8, 8, 4, 4);
        for (Tensor array : arrays.values()) {
            for (float v : array.toFloats()) {
                assertThat(v).isBetween(-10f, 10f);
            }
        }
    }

    @Test
    void readsVersionsOneAndTwoOfTheHeader() throws IOException {
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
        byte[] data = {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40};

        Path file = write(Map.of("a.npy", npy(1, header, data), "b.npy", npy(2, header, data)));

        assertThat(Npz.read(file).get("a").toFloats()).containsExactly(1, 2);
        assertThat(Npz.read(file).get("b").toFloats()).containsExactly(1, 2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), } | is of type <i4",
                "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), } | is of type >f4",
                "{'descr': '<f4', 'fortran_order': True, 'shape': (2,), } | Fortran order",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } | 8 bytes",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999, 999999999, 999999999), } | 8 bytes",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), } | impossible shape",
                "{'descr': '<f4', 'shape': (2,), } | header that cannot be read",
                "{} | header that cannot be read"
            })
    void refusesOtherArrays(String header, String message) throws IOException {
        Path file = write(Map.of("a.npy", npy(1, header, new byte[8])));

        assertThatThrownBy(() -> Npz.read(file))
                .isInstanceOf(PgException.class)
                .hasMessageStartingWith(file + ": array \"a\" ")
                .hasMessageContaining(message);
    }

    @Test
    void refusesAFileThatSwells() throws IOException {
        Path file = write(Map.of("a.npy", new byte[(128 << 20) + 1]));

        assertThat(Files.size(file)).isLessThan(2_000_000);
        assertThatThrownBy(() -> Npz.read(file))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("more than 128 MB");
    }

    /** As {@code PictureFuzzTest}: {@code -Dpg.fuzz=100000} runs more mutations. */
    @Test
    void readsOrRefusesWhateverItIsGiven() throws IOException {
        Map<String, byte[]> entries = entries();
        byte[] whole = Files.readAllBytes(GOLDEN);
        Path file = dir.resolve("mutant.npz");
        int read = 0;
        int iterations = Integer.getInteger("pg.fuzz", 300);
        for (int i = 0; i < iterations; i++) {
            SplittableRandom random = new SplittableRandom(i);
            if (random.nextBoolean()) {
                Files.write(file, mutate(whole, whole.length, random));
            } else {
                Map<String, byte[]> mutants = new LinkedHashMap<>(entries);
                String name = mutants.keySet().stream()
                        .skip(random.nextInt(mutants.size()))
                        .findFirst()
                        .orElseThrow();
                mutants.put(name, mutate(entries.get(name), 128, random));
                Files.write(file, zip(mutants));
            }
            try {
                MaskDecoder.open(file).decode(Collections.nCopies(16, 0));
                read++;
            } catch (PgException e) {
                assertThat(e).hasMessageContaining(file.toString());
            } catch (RuntimeException | Error e) {
                throw new AssertionError("mutant " + i, e);
            }
        }
        assertThat(read).isBetween(1, iterations - 1);
    }

    private static byte[] mutate(byte[] original, int header, SplittableRandom random) {
        byte[] bytes = original.clone();
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            int at = random.nextInt(Math.min(header, bytes.length));
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes[at] = (byte) ('0' + random.nextInt(10));
                default -> bytes = Arrays.copyOf(bytes, bytes.length - random.nextInt(bytes.length));
            }
        }
        return bytes;
    }

    private static Map<String, byte[]> entries() throws IOException {
        Map<String, byte[]> out = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(GOLDEN))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                out.put(entry.getName(), zip.readAllBytes());
            }
        }
        return out;
    }

    private Path write(Map<String, byte[]> entries) throws IOException {
        return Files.write(dir.resolve("a.npz"), zip(entries));
    }

    private static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.setLevel(1);
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return out.toByteArray();
    }

    private static byte[] npy(int version, String header, byte[] data) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write("\u0093NUMPY".getBytes(StandardCharsets.ISO_8859_1));
        out.write(version);
        out.write(0);
        out.write(header.length());
        out.write(header.length() >> 8);
        if (version > 1) {
            out.write(0);
            out.write(0);
        }
        out.write(header.getBytes(StandardCharsets.ISO_8859_1));
        out.write(data);
        return out.toByteArray();
    }
}
