package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The stored cases of other implementations, and how they are checked. */
final class Cases {
    static final Path TESTDATA = Path.of(System.getProperty("pg.testdata"));

    /** Models with cases of the sentencepiece library beside them. */
    static final List<String> MODELS = List.of(
            "golden/tokenizer/bpe-gemma",
            "golden/tokenizer/bpe-keep-whitespace",
            "golden/tokenizer/bpe-suffix",
            "golden/tokenizer/unigram-nfkc",
            "golden/tokenizer/unigram-nmt-nfkc-cf",
            "golden-pg/tokenizer/bpe-denormalizer",
            "golden-pg/tokenizer/bpe-ties",
            "golden-pg/tokenizer/bpe-unused",
            "golden-pg/tokenizer/unigram-unescaped",
            "golden-pg/tokenizer/unigram-user-defined");

    private static final JsonMapper JSON = new JsonMapper();

    private Cases() {}

    static JsonNode read(Path file) {
        return JSON.readTree(file.toFile());
    }

    static int[] ids(JsonNode list) {
        return list.values().stream().mapToInt(JsonNode::intValue).toArray();
    }

    /** Checks cases {@code {"text", "ids", "pieces"}}; pieces may be absent. */
    static void checkEncoding(Tokenizer tokenizer, JsonNode cases) {
        assertThat(cases.size()).isPositive();
        for (JsonNode item : cases) {
            String text = item.get("text").stringValue();
            int[] ids = ids(item.get("ids"));
            assertThat(tokenizer.encode(text)).as("ids of \"%s\"", text).isEqualTo(ids);
            Encoding encoding = tokenizer.encodeWithPieces(text);
            assertThat(encoding.ids()).isEqualTo(Arrays.stream(ids).boxed().toList());
            assertThat(encoding.pieces()).hasSameSizeAs(encoding.ids());
            if (item.hasNonNull("pieces")) {
                List<String> pieces = item.get("pieces").values().stream()
                        .map(JsonNode::stringValue)
                        .toList();
                assertThat(encoding.pieces()).as("pieces of \"%s\"", text).isEqualTo(pieces);
            }
        }
    }

    /** Checks cases {@code {"ids", "text"}}. */
    static void checkDecoding(Tokenizer tokenizer, JsonNode cases) {
        assertThat(cases.size()).isPositive();
        for (JsonNode item : cases) {
            assertThat(tokenizer.decode(ids(item.get("ids"))))
                    .as("text of %s", item.get("ids"))
                    .isEqualTo(item.get("text").stringValue());
        }
    }
}
