package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Ids equal those of Hugging Face's tokenizers for whole checkpoint directories, through either file. */
class HuggingFaceTest {
    private static final Path REFERENCES = Cases.TESTDATA.resolve("golden-pg/tokenizer");

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"golden/paligemma1", "golden/gemma1-text", "demo-model/paligemma2-demo"})
    void sentencePieceWithAddedTokens(String checkpoint) {
        JsonNode cases = Cases.read(REFERENCES.resolve("huggingface.json")).get(checkpoint);
        Cases.checkEncoding(Tokenizer.open(Cases.TESTDATA.resolve(checkpoint)), cases);
    }

    @ParameterizedTest
    @ValueSource(strings = {"golden/paligemma1", "golden/gemma1-text", "demo-model/paligemma2-demo"})
    void tokenizerJsonAlone(String checkpoint) {
        JsonNode cases = Cases.read(REFERENCES.resolve("huggingface.json")).get(checkpoint);
        Path file = Cases.TESTDATA.resolve(checkpoint).resolve("tokenizer.json");
        Cases.checkEncoding(Tokenizer.open(file), cases);
    }

    @Test
    void bothFilesDescribeOneTokenizer() {
        Path checkpoint = Cases.TESTDATA.resolve("golden/paligemma1");
        Tokenizer model = Tokenizer.open(checkpoint);
        Tokenizer json = Tokenizer.open(checkpoint.resolve("tokenizer.json"));
        assertThat(json.size()).isEqualTo(model.size()).isEqualTo(2113);
        for (int id = 0; id < model.size(); id++) {
            assertThat(json.piece(id)).isEqualTo(model.piece(id));
            assertThat(json.decode(id)).as(model.piece(id)).isEqualTo(model.decode(id));
            assertThat(model.id(model.piece(id))).hasValue(id);
        }
        assertThat(List.of(json.unkId(), json.bosId(), json.eosId(), json.padId()))
                .isEqualTo(List.of(model.unkId(), model.bosId(), model.eosId(), model.padId()))
                .isEqualTo(List.of(3, 2, 1, 0));
    }

    @Test
    void marksComeFromTheConfig() {
        Tokenizer tokenizer = Tokenizer.open(Cases.TESTDATA.resolve("golden/paligemma1"));
        assertThat(tokenizer.piece(2112)).isEqualTo("<image>");
        assertThat(tokenizer.encode("<image><bos>a<loc0007><eos>"))
                .startsWith(2112, 2)
                .endsWith(1);
        // Special tokens are invisible, places are not.
        assertThat(tokenizer.decode(tokenizer.encode("<image><bos>a<loc0007><eos>")))
                .isEqualTo("a<loc0007>");
    }

    @Test
    void aModelFileAloneKnowsNoMarks() {
        Tokenizer tokenizer = Tokenizer.open(Cases.TESTDATA.resolve("golden/paligemma1/tokenizer.model"));
        assertThat(tokenizer.size()).isEqualTo(2112);
        assertThat(tokenizer.encode("<bos>")).doesNotContain(tokenizer.bosId());
        assertThat(tokenizer.encode("<loc0007>")).hasSize(1);
    }

    @Test
    void flagsOfAddedTokens() throws IOException {
        JsonNode reference = Cases.read(REFERENCES.resolve("added-tokens.json"));
        StringBuilder decoder = new StringBuilder();
        for (JsonNode token : reference.get("tokens")) {
            decoder.append(decoder.isEmpty() ? "" : ",")
                    .append('"')
                    .append(token.get("id"))
                    .append("\":")
                    .append(token);
        }
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                "{\"added_tokens_decoder\":{" + decoder + "}}",
                StandardCharsets.UTF_8);
        Files.copy(Cases.TESTDATA.resolve("golden/gemma1-text/tokenizer.json"), directory.resolve("tokenizer.json"));
        Cases.checkEncoding(Tokenizer.open(directory), reference.get("cases"));
    }

    @Test
    void addedTokensMayComeWithoutAConfig() throws IOException {
        Files.copy(Cases.TESTDATA.resolve("golden/gemma1-text/tokenizer.model"), directory.resolve("spiece.model"));
        Files.writeString(directory.resolve("added_tokens.json"), "{\"<image>\": 1000, \"<unused0>\": 1001}");
        Tokenizer tokenizer = Tokenizer.open(directory);
        assertThat(tokenizer.encode("<image>")).containsExactly(1000);
        // A text that the vocabulary has keeps the id it has there.
        assertThat(tokenizer.encode("<unused0>"))
                .containsExactly(tokenizer.id("<unused0>").orElseThrow());
        assertThat(tokenizer.size()).isEqualTo(1001);
        assertThat(tokenizer.piece(999)).isEmpty();
    }

    @Test
    void mergesMayBePairs() throws IOException {
        JsonMapper mapper = new JsonMapper();
        ObjectNode json = (ObjectNode) Cases.read(Cases.TESTDATA.resolve("golden/gemma1-text/tokenizer.json"));
        ObjectNode model = (ObjectNode) json.get("model");
        ArrayNode pairs = mapper.createArrayNode();
        for (JsonNode merge : model.get("merges")) {
            ArrayNode pair = pairs.addArray();
            for (String piece : merge.stringValue().split(" ", -1)) {
                pair.add(piece);
            }
        }
        model.set("merges", pairs);
        Path file = directory.resolve("tokenizer.json");
        Files.write(file, mapper.writeValueAsBytes(json));
        Cases.checkEncoding(
                Tokenizer.open(file),
                Cases.read(REFERENCES.resolve("huggingface.json")).get("golden/gemma1-text"));
    }
}
