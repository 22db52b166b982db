package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Texts as SigLIP's text towers read them. */
class SigLipTokenizerTest {
    private static final Path GOLDEN =
            Path.of(System.getProperty("pg.testdata")).resolve("golden");

    @TempDir
    Path directory;

    private static List<Integer> ints(JsonNode array) {
        return array.valueStream().map(JsonNode::intValue).toList();
    }

    private static List<Integer> ints(int[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    @Test
    void readsTextsAsTheReferenceDoes() {
        Path model = GOLDEN.resolve("siglip-dual");
        Tokenizer tokenizer = Tokenizer.open(model);
        JsonNode cases = JsonMapper.shared()
                .readTree(model.resolve("cases.json").toFile())
                .path("tokenizer");
        assertThat(cases.size()).isGreaterThan(200);
        for (JsonNode one : cases) {
            String text = one.path("text").stringValue();
            List<Integer> unpadded = ints(one.path("unpadded_ids"));
            Encoding encoding = tokenizer.encodeWithPieces(text);
            assertThat(encoding.pieces())
                    .as(text)
                    .isEqualTo(one.path("pieces")
                            .valueStream()
                            .map(JsonNode::stringValue)
                            .toList());
            assertThat(encoding.ids()).as(text).isEqualTo(unpadded.subList(0, unpadded.size() - 1));
            assertThat(tokenizer.canonical(text))
                    .isEqualTo(one.path("canonical").stringValue());
            Padded padded = tokenizer.encode(text, 64);
            assertThat(ints(padded.ids())).as(text).isEqualTo(ints(one.path("ids")));
            assertThat(padded.dropped()).as(text).isEqualTo(Math.max(0, unpadded.size() - 64));
        }
    }

    @Test
    void closesATextOnlyOnce() {
        Tokenizer tokenizer = Tokenizer.open(GOLDEN.resolve("siglip-dual"));
        assertThat(tokenizer.encode("a</s>", 4).ids()).containsExactly(16, 1, 1, 1);
    }

    @Test
    void theSecondGenerationIsLowerCasedThoughItsFilesDoNotSaySo() {
        Tokenizer tokenizer = Tokenizer.open(GOLDEN.resolve("siglip2-naflex"));
        assertThat(tokenizer.encode("A PHOTO of a Cat")).containsExactly(tokenizer.encode("a photo of a cat"));
        assertThat(tokenizer.canonical("Größe!")).isEqualTo("größe!");
    }

    @ParameterizedTest
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void endsFollowTheFlagsWhereThereIsNoTemplate(boolean begin, boolean end) throws IOException {
        Files.copy(GOLDEN.resolve("siglip2-naflex/tokenizer.model"), directory.resolve("tokenizer.model"));
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                "{\"add_bos_token\": %s, \"add_eos_token\": %s}".formatted(begin, end));
        Tokenizer tokenizer = Tokenizer.open(directory);
        int[] ids = tokenizer.encode("a", 4).ids();
        assertThat(ids[0] == tokenizer.bosId()).isEqualTo(begin);
        assertThat(ids[begin ? 2 : 1] == tokenizer.eosId()).isEqualTo(end);
        assertThat(ids[3]).isEqualTo(tokenizer.padId());
    }

    @Test
    void longTextsAreCutBehindAndPaddingMayStandInFront() throws IOException {
        Files.copy(GOLDEN.resolve("siglip2-naflex/tokenizer.model"), directory.resolve("tokenizer.model"));
        Files.writeString(
                directory.resolve("tokenizer_config.json"), "{\"add_eos_token\": true, \"padding_side\": \"left\"}");
        Tokenizer tokenizer = Tokenizer.open(directory);
        int[] all = tokenizer.encode("a b c");
        Padded cut = tokenizer.encode("a b c", 3);
        assertThat(cut.ids()).containsExactly(all[0], all[1], tokenizer.eosId());
        assertThat(cut.dropped()).isEqualTo(all.length - 2);
        assertThat(tokenizer.encode("", 3).ids())
                .containsExactly(tokenizer.padId(), tokenizer.padId(), tokenizer.eosId());
    }

    @Test
    void withoutLowerCasingCapitalsStay() throws IOException {
        Files.copy(GOLDEN.resolve("siglip-dual/spiece.model"), directory.resolve("spiece.model"));
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                "{\"tokenizer_class\": \"SiglipTokenizer\", \"do_lower_case\": false}");
        assertThat(Tokenizer.open(directory).canonical(" A\t\u001cPhoto,  of\u00a0it! "))
                .isEqualTo("A Photo of it");
    }
}
