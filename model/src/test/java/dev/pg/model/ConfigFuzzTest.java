package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.PgException;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    private static final List<String> OTHERS =
            List.of("model.safetensors", "tokenizer.model", "spiece.model", "added_tokens.json", "tokenizer.json");

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "paligemma2, preprocessor_config.json, generation_config.json",
        "siglip-dual, preprocessor_config.json, tokenizer_config.json",
        "siglip2-naflex, preprocessor_config.json, tokenizer_config.json",
        "gemma2-text, generation_config.json, tokenizer_config.json",
        "colpali, preprocessor_config.json, added_tokens.json"
    })
    void mutatedConfigsNeverCrash(String name, String second, String third) throws IOException {
        Image picture = Golden.open("paligemma2").image("image0.png");
        Golden golden = Golden.open(name);
        List<String> victims = List.of("config.json", second, third);
        for (String file : OTHERS) {
            if (Files.exists(golden.directory().resolve(file))) {
                Files.copy(golden.directory().resolve(file), directory.resolve(file));
            }
        }
        int opened = 0;
        int iterations = Integer.getInteger("pg.fuzz", 300);
        for (int seed = 0; seed < iterations; seed++) {
            RandomGenerator random =
                    RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
            String victim = victims.get(random.nextInt(3) == 0 ? 1 + random.nextInt(2) : 0);
            for (String file : victims) {
                String text = Files.readString(golden.directory().resolve(file));
                Files.writeString(directory.resolve(file), file.equals(victim) ? mutate(text, random) : text);
            }
            try {
                run(picture);
                opened++;
            } catch (PgException e) {
                assertThat(e.getMessage()).as("seed " + seed).isNotBlank();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ": " + Files.readString(directory.resolve(victim)), e);
            }
        }
        assertThat(opened).isBetween(1, iterations - 1);
    }

    private void run(Image picture) {
        try (Model model = Model.open(directory, ModelOptions.DEFAULT.withThreads(1))) {
            switch (model) {
                case PaliGemma writer ->
                    writer.generate(
                            Request.of("caption en", picture),
                            GenerationOptions.DEFAULT.withMaxTokens(2),
                            TokenListener.NONE);
                case SigLip siglip ->
                    assertThat(siglip.classifier(List.of("a cat")).probabilities(List.of(picture)))
                            .hasSize(1);
                case TextModel writer ->
                    writer.chat(Optional.empty())
                            .say("hello", GenerationOptions.DEFAULT.withMaxTokens(2), TokenListener.NONE);
                case ColPali finder ->
                    assertThat(finder.maxSim(finder.embedQuery("a cat"), finder.embedPage(picture)))
                            .isFinite();
            }
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
