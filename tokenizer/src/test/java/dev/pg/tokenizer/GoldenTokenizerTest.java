package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Ids, pieces and texts equal those of the sentencepiece library on every stored case. */
class GoldenTokenizerTest {
    static final Path GOLDEN = Path.of(System.getProperty("pg.testdata"), "golden");

    @ParameterizedTest
    @ValueSource(strings = {"bpe-gemma", "bpe-keep-whitespace", "bpe-suffix", "unigram-nfkc", "unigram-nmt-nfkc-cf"})
    void equalsSentencePiece(String name) {
        Path directory = GOLDEN.resolve("tokenizer").resolve(name);
        JsonNode cases =
                new JsonMapper().readTree(directory.resolve("cases.json").toFile());
        Tokenizer tokenizer = Tokenizer.open(directory);

        assertThat(tokenizer.size()).isEqualTo(cases.get("pieces").intValue());
        assertThat(tokenizer.unkId()).isEqualTo(cases.get("unk_id").intValue());
        assertThat(tokenizer.bosId()).isEqualTo(cases.get("bos_id").intValue());
        assertThat(tokenizer.eosId()).isEqualTo(cases.get("eos_id").intValue());
        assertThat(tokenizer.padId()).isEqualTo(cases.get("pad_id").intValue());

        assertThat(cases.get("encode").size()).isGreaterThan(400);
        for (JsonNode encode : cases.get("encode")) {
            String text = encode.get("text").stringValue();
            int[] ids = ids(encode.get("ids"));
            assertThat(tokenizer.encode(text)).as("ids of %s", text).isEqualTo(ids);
            Encoding encoding = tokenizer.encodeWithPieces(text);
            assertThat(encoding.ids()).isEqualTo(Arrays.stream(ids).boxed().toList());
            if (encode.hasNonNull("pieces")) {
                List<String> pieces = encode.get("pieces").values().stream()
                        .map(JsonNode::stringValue)
                        .toList();
                assertThat(encoding.pieces()).as("pieces of %s", text).isEqualTo(pieces);
            }
        }
        assertThat(cases.get("decode").size()).isGreaterThan(400);
        for (JsonNode decode : cases.get("decode")) {
            int[] ids = ids(decode.get("ids"));
            assertThat(tokenizer.decode(ids))
                    .as("text of %s", decode.get("ids"))
                    .isEqualTo(decode.get("text").stringValue());
        }
    }

    static int[] ids(JsonNode list) {
        return list.values().stream().mapToInt(JsonNode::intValue).toArray();
    }
}
