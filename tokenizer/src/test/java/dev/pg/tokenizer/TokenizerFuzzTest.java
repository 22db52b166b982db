package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged tokenizer files are refused with a {@link PgException} or work somehow; nothing else comes out, whatever is encoded or decoded
 * with them, in the 512 MB that these tests run in. {@code -Dpg.fuzz=100000} tries that many files; seeds are the round's number.
 */
class TokenizerFuzzTest {
    private static final int ROUNDS = Integer.getInteger("pg.fuzz", 600);

    private static final String TEXT = "Straße ﬁ \u0000<loc0001><bos>▁▁  \n\naaaa 01 \uD83D\uDC31 ガ ﷺ é\u0301 x";

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "golden/tokenizer/bpe-gemma/tokenizer.model",
                "golden/tokenizer/unigram-nmt-nfkc-cf/tokenizer.model",
                "golden-pg/tokenizer/bpe-denormalizer/tokenizer.model",
                "golden-pg/tokenizer/bpe-unused/tokenizer.model",
                "golden-pg/tokenizer/unigram-user-defined/tokenizer.model",
                "golden/gemma1-text/tokenizer.json",
                "golden/gemma1-text/tokenizer_config.json",
            })
    void nothingButPgException(String name) throws IOException {
        byte[] original = Files.readAllBytes(Cases.TESTDATA.resolve(name));
        Path file = directory.resolve(Path.of(name).getFileName());
        if (name.endsWith("_config.json")) {
            Files.copy(
                    Cases.TESTDATA.resolve("golden/gemma1-text/tokenizer.model"), directory.resolve("tokenizer.model"));
        }
        int rounds = ROUNDS / 7 + 1;
        int usable = 0;
        for (int round = 0; round < rounds; round++) {
            Random random = new Random(round);
            Files.write(file, mutate(original, random));
            try {
                use(Tokenizer.open(directory), random);
                usable++;
            } catch (PgException e) {
                assertThat(e).hasMessageContaining(directory.toString());
            } catch (RuntimeException | Error e) {
                throw new AssertionError(name + ", round " + round, e);
            }
        }
        assertThat(usable).as("files that still work").isPositive().isLessThan(rounds);
    }

    private static void use(Tokenizer tokenizer, Random random) {
        Encoding encoding = tokenizer.encodeWithPieces(TEXT);
        assertThat(tokenizer.encode(TEXT))
                .isEqualTo(encoding.ids().stream().mapToInt(id -> id).toArray());
        int[] ids = random.ints(40, 0, tokenizer.size()).toArray();
        tokenizer.decode(ids);
        assertThat(tokenizer.pieces(ids)).hasSize(40);
    }

    /** Up to four edits: bits, bytes, numbers that lie, pieces of the file taken out, doubled or swapped, an early end. */
    private static byte[] mutate(byte[] original, Random random) {
        byte[] bytes = original.clone();
        int edits = 1 + random.nextInt(4);
        for (int i = 0; i < edits; i++) {
            // Half of the edits go to the first or last hundred bytes, where files say what they are.
            int at = random.nextInt(bytes.length);
            if (random.nextInt(4) == 0) {
                at = random.nextInt(Math.min(100, bytes.length));
            } else if (random.nextInt(3) == 0) {
                at = bytes.length - 1 - random.nextInt(Math.min(100, bytes.length));
            }
            int length = Math.min(1 + random.nextInt(200), bytes.length - at);
            switch (random.nextInt(8)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> Arrays.fill(bytes, at, Math.min(at + 5, bytes.length), (byte) 0xFF);
                case 3 -> bytes = splice(bytes, at, length, new byte[0]);
                case 4 -> bytes = splice(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
                case 5 -> bytes = splice(bytes, at, length, Arrays.copyOfRange(original, 0, length));
                case 6 -> bytes = splice(bytes, at, 1, digits(random));
                default -> bytes = random.nextInt(8) == 0 ? Arrays.copyOf(bytes, at + 1) : bytes;
            }
            if (bytes.length == 0) {
                return bytes;
            }
        }
        return bytes;
    }

    private static byte[] digits(Random random) {
        String[] numbers = {"0", "-1", "16777215", "2147483647", "99999999999999999999", "1e9", "null", "\"\"", "[", "{"
        };
        return numbers[random.nextInt(numbers.length)].getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] splice(byte[] bytes, int at, int removed, byte[] inserted) {
        byte[] result = Arrays.copyOf(bytes, bytes.length - removed + inserted.length);
        System.arraycopy(inserted, 0, result, at, inserted.length);
        System.arraycopy(bytes, at + removed, result, at + inserted.length, bytes.length - at - removed);
        return result;
    }
}
