package dev.pg.model.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.PgException;
import dev.pg.model.Model;
import dev.pg.model.ModelOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutated adapters: each either fits its base, or a {@link PgException} says why not. {@code -Dpg.fuzz=100000} for a long run; a
 * failure names the seed.
 */
class AdapterFuzzTest {
    /** Bytes of the header of the safetensors file, where a change means most, and some of the data. */
    private static final int HEAD = 12_000;

    private static final String[] WORDS = {
        "0",
        "-1",
        "1e300",
        "null",
        "true",
        "[]",
        "{}",
        "\"\"",
        "\"(\"",
        "\".*\"",
        "[\"q_proj\"]",
        "99999999999",
        "0.5",
        "3"
    };

    @TempDir
    Path directory;

    @Test
    void mutatedAdaptersNeverCrash() throws IOException {
        byte[] config = Files.readAllBytes(AdapterFolder.GOLDEN.resolve("lora/rslora/adapter_config.json"));
        byte[] tensors = Files.readAllBytes(AdapterFolder.GOLDEN.resolve("lora/rslora/adapter_model.safetensors"));
        int fitted = 0;
        int iterations = Integer.getInteger("pg.fuzz", 400);
        try (Model base = Model.open(AdapterFolder.GOLDEN.resolve("paligemma2"), ModelOptions.DEFAULT.withThreads(1))) {
            for (int seed = 0; seed < iterations; seed++) {
                RandomGenerator random =
                        RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
                boolean words = random.nextBoolean();
                // Under a name of its own: a file that is mapped must not be cut off.
                Path one = Files.createDirectory(directory.resolve("" + seed));
                Files.write(one.resolve(AdapterConfig.FILE), words ? mutateWords(config, random) : config);
                Files.write(one.resolve(Adapter.FILE), words ? tensors : mutateBytes(tensors, random));
                try {
                    base.withAdapters(List.of(Adapter.open(one)));
                    fitted++;
                } catch (PgException e) {
                    assertThat(e.getMessage()).as("seed " + seed).isNotBlank();
                } catch (RuntimeException | Error e) {
                    throw new AssertionError("seed " + seed, e);
                }
                Files.delete(one.resolve(AdapterConfig.FILE));
                Files.delete(one.resolve(Adapter.FILE));
                Files.delete(one);
            }
        }
        assertThat(fitted).isBetween(1, iterations - 1);
    }

    /** Replaces a value, drops a line, or changes some characters. */
    private static byte[] mutateWords(byte[] json, RandomGenerator random) {
        String[] lines = new String(json, StandardCharsets.UTF_8).split("\n");
        int at = random.nextInt(lines.length);
        int colon = lines[at].indexOf(':');
        switch (random.nextInt(4)) {
            case 0 -> lines[at] = "";
            case 1 -> {
                return mutateBytes(json, random);
            }
            default -> {
                if (colon > 0) {
                    String end = lines[at].endsWith(",") ? "," : "";
                    lines[at] = lines[at].substring(0, colon + 1) + WORDS[random.nextInt(WORDS.length)] + end;
                }
            }
        }
        return String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] mutateBytes(byte[] bytes, RandomGenerator random) {
        byte[] changed = bytes.clone();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            int at = random.nextInt(random.nextInt(4) == 0 ? bytes.length : Math.min(HEAD, bytes.length));
            changed[at] = random.nextBoolean() ? (byte) random.nextInt(256) : (byte) ('0' + random.nextInt(10));
        }
        return random.nextInt(20) == 0 ? Arrays.copyOf(changed, random.nextInt(bytes.length)) : changed;
    }
}
