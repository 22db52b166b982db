package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Ids, pieces and texts equal those of the sentencepiece library on every stored case. */
class SentencePieceTest {
    static Stream<String> models() {
        return Cases.MODELS.stream();
    }

    @ParameterizedTest
    @MethodSource("models")
    void equalsTheLibrary(String name) {
        Path directory = Cases.TESTDATA.resolve(name);
        JsonNode cases = Cases.read(directory.resolve("cases.json"));
        Tokenizer tokenizer = Tokenizer.open(directory);
        Cases.checkEncoding(tokenizer, cases.get("encode"));
        Cases.checkDecoding(tokenizer, cases.get("decode"));
    }

    @ParameterizedTest
    @MethodSource("models")
    void knowsTheSpecialPieces(String name) {
        Path directory = Cases.TESTDATA.resolve(name);
        JsonNode cases = Cases.read(directory.resolve("cases.json"));
        if (cases.has("pieces")) {
            Tokenizer tokenizer = Tokenizer.open(directory.resolve("tokenizer.model"));
            assertThat(tokenizer.size()).isEqualTo(cases.get("pieces").intValue());
            assertThat(tokenizer.unkId()).isEqualTo(cases.get("unk_id").intValue());
            assertThat(tokenizer.bosId()).isEqualTo(cases.get("bos_id").intValue());
            assertThat(tokenizer.eosId()).isEqualTo(cases.get("eos_id").intValue());
            assertThat(tokenizer.padId()).isEqualTo(cases.get("pad_id").intValue());
        }
    }
}
