package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.PgException;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutated configuration files: each either gives a model that runs, or a {@link PgException}. {@code -Dpg.fuzz=100000} for a long
 * run; a failure names the seed.
 */
class ConfigFuzzTest {
    private static final String[] VALUES = {
        "0",
        "-1",
        "1",
        "2",
        "3",
        "1e300",
        "1e-300",
        "null",
        "true",
        "[]",
        "{}",
        "\"\"",
        "99999999999999999999",
        "[1, 2]",
        "0.5",
        "NaN"
    };

    @TempDir
    Path directory;

    @Test
    void mutatedConfigsNeverCrash() throws IOException {
        Path golden = Golden.TESTDATA.resolve("golden/paligemma2");
        for (String file : new String[] {"model.safetensors", "tokenizer.model", "added_tokens.json"}) {
            Files.copy(golden.resolve(file), directory.resolve(file));
        }
        String[] files = {"config.json", "generation_config.json", "preprocessor_config.json"};
        int opened = 0;
        int iterations = Integer.getInteger("pg.fuzz", 300);
        for (int seed = 0; seed < iterations; seed++) {
            RandomGenerator random =
                    RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
            int victim = random.nextInt(5) == 0 ? 1 + random.nextInt(2) : 0;
            for (int i = 0; i < files.length; i++) {
                String text = Files.readString(golden.resolve(files[i]));
                Files.writeString(directory.resolve(files[i]), i == victim ? mutate(text, random) : text);
            }
            try {
                run();
                opened++;
            } catch (PgException e) {
                assertThat(e.getMessage()).as("seed " + seed).isNotBlank();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ": " + Files.readString(directory.resolve(files[victim])), e);
            }
        }
        assertThat(opened).isBetween(1, iterations - 1);
    }

    private void run() {
        try (PaliGemma model = PaliGemma.open(directory, ModelOptions.DEFAULT.withThreads(1))) {
            Golden golden = Golden.open("paligemma2");
            model.generate(
                    Request.of("caption en", golden.image("image0.png")),
                    GenerationOptions.DEFAULT.withMaxTokens(2),
                    TokenListener.NONE);
        }
    }

    /** Replaces a value, drops a line, or flips bytes. */
    private static String mutate(String json, RandomGenerator random) {
        String[] lines = json.split("\n");
        int at = random.nextInt(lines.length);
        int colon = lines[at].indexOf(':');
        switch (random.nextInt(4)) {
            case 0 -> lines[at] = "";
            case 1 -> {
                byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
                for (int i = 1 + random.nextInt(4); i > 0; i--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
                return new String(bytes, StandardCharsets.ISO_8859_1);
            }
            default -> {
                if (colon > 0) {
                    String value = VALUES[random.nextInt(VALUES.length)];
                    String end = lines[at].endsWith(",") ? "," : "";
                    lines[at] = lines[at].substring(0, colon + 1) + " " + value + end;
                }
            }
        }
        return String.join("\n", lines);
    }
}
