package dev.pg.model.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/**
 * Damaged picture files: each is either read or refused with a {@link PgException}. {@code -Dpg.fuzz=100000} runs more of them;
 * iteration i depends on nothing but i, so that a failure can be run again.
 */
class PictureFuzzTest {
    private static final int ITERATIONS = Integer.getInteger("pg.fuzz", 2000);
    private static final Path DIR = Path.of(System.getProperty("pg.testdata"), "golden-pg", "pictures");

    @Test
    void readsOrRefusesWhateverItIsGiven() throws IOException {
        List<byte[]> files = files();
        int read = 0;
        for (int i = 0; i < ITERATIONS; i++) {
            SplittableRandom random = new SplittableRandom(i);
            byte[] bytes = mutate(files.get(i % files.size()), random);
            try {
                Image image = ImageReader.read(bytes, "mutant " + i);
                assertThat(image.rgb()).hasSize(3 * image.width() * image.height());
                read++;
            } catch (PgException e) {
                assertThat(e).hasMessageStartingWith("mutant " + i + ": ");
            } catch (RuntimeException | Error e) {
                throw new AssertionError("mutant " + i, e);
            }
        }
        assertThat(read).isBetween(ITERATIONS / 20, ITERATIONS);
    }

    private static List<byte[]> files() throws IOException {
        List<byte[]> files = new ArrayList<>();
        try (Stream<Path> all = Files.list(DIR)) {
            for (Path file : all.filter(f -> !f.toString().matches(".*\\.(py|json)"))
                    .sorted()
                    .toList()) {
                files.add(Files.readAllBytes(file));
            }
        }
        files.add(Files.readAllBytes(Path.of(System.getProperty("pg.testdata"), "golden/preprocess/lossy.webp")));
        return files;
    }

    private static byte[] mutate(byte[] original, SplittableRandom random) {
        byte[] bytes = original.clone();
        for (int n = 1 + random.nextInt(4); n > 0; n--) {
            // Headers are short and matter most.
            int at = random.nextInt(random.nextBoolean() ? Math.min(64, bytes.length) : bytes.length);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes[at] = (byte) (random.nextBoolean() ? 0xff : 0);
                case 3 -> bytes = Arrays.copyOf(bytes, Math.max(1, bytes.length - random.nextInt(bytes.length)));
                case 4 -> {
                    int length = random.nextInt(Math.min(32, bytes.length - at) + 1);
                    System.arraycopy(original, random.nextInt(original.length - length + 1), bytes, at, length);
                }
                default -> {
                    int length = Math.min(4, bytes.length - at);
                    System.arraycopy(
                            ByteBuffer.allocate(4).putInt(random.nextInt()).array(), 0, bytes, at, length);
                }
            }
        }
        if (random.nextInt(8) > 0) {
            mendSums(bytes);
        }
        return bytes;
    }

    /** Makes the checksums of a PNG right again, so that the damage gets past them. */
    private static void mendSums(byte[] bytes) {
        ByteBuffer data = ByteBuffer.wrap(bytes);
        long at = 8;
        while (bytes[0] == (byte) 0x89 && at + 12 <= bytes.length) {
            long length = data.getInt((int) at) & 0xffff_ffffL;
            if (at + 12 + length > bytes.length) {
                return;
            }
            CRC32 sum = new CRC32();
            sum.update(bytes, (int) at + 4, (int) length + 4);
            data.putInt((int) (at + 8 + length), (int) sum.getValue());
            at += 12 + length;
        }
    }
}
