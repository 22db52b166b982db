package dev.pg.cli;

import static dev.pg.cli.Run.pg;
import static dev.pg.cli.Run.pgReading;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** tokenize and detokenize, against what the sentencepiece library says. */
class TokenizeCommandTest {
    private static final Path GOLDEN = Run.TESTDATA.resolve("golden/tokenizer");

    @ParameterizedTest
    @ValueSource(strings = {"bpe-gemma", "bpe-suffix", "bpe-keep-whitespace", "unigram-nfkc", "unigram-nmt-nfkc-cf"})
    void encodesAndDecodesJsonLines(String name) {
        Path model = GOLDEN.resolve(name).resolve("tokenizer.model");
        JsonNode cases = Run.json(GOLDEN.resolve(name).resolve("cases.json"));

        List<JsonNode> encoded = pgReading(column(cases.path("encode"), "text"), "tokenize", "--json", "--model", model)
                .objects();
        List<JsonNode> decoded = pgReading(
                        column(cases.path("decode"), "ids"), "detokenize", "--json", "--model", model)
                .objects();

        assertThat(encoded).hasSize(cases.path("encode").size());
        for (int i = 0; i < encoded.size(); i++) {
            assertThat(encoded.get(i).path("ids")).isEqualTo(cases.at("/encode/" + i + "/ids"));
            JsonNode pieces = cases.at("/encode/" + i + "/pieces"); // left out where they are very many
            if (!pieces.isMissingNode()) {
                assertThat(encoded.get(i).path("pieces")).isEqualTo(pieces);
            }
        }
        assertThat(decoded).hasSize(cases.path("decode").size());
        for (int i = 0; i < decoded.size(); i++) {
            assertThat(decoded.get(i)).isEqualTo(cases.at("/decode/" + i + "/text"));
        }
    }

    private static String column(JsonNode cases, String field) {
        return cases.valueStream().map(c -> c.path(field).toString()).collect(Collectors.joining("\n"));
    }

    @Test
    void takesArgumentsAndPlainLines() {
        String ids = pg("tokenize", "--quiet", "caption en").out().strip();
        assertThat(ids).matches("\\d+( \\d+)+");
        assertThat(pgReading("caption en\n", "tokenize", "--quiet").out().strip())
                .isEqualTo(ids);
        assertThat(pg("detokenize", "--quiet", ids).out().strip()).isEqualTo("caption en");
        assertThat(pgReading(ids.replace(' ', ','), "detokenize", "--quiet")
                        .out()
                        .strip())
                .isEqualTo("caption en");
    }

    @Test
    void aBadLineKeepsItsPlace() {
        Run run = pgReading("\"a\"\nnonsense\n7\n\"b\"\n", "tokenize", "--json", "--quiet");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.objects()).hasSize(4);
        assertThat(run.objects().get(1).path("error").stringValue()).startsWith("line 2: not valid JSON");
        assertThat(run.objects().get(2).path("error").stringValue()).isEqualTo("line 3: expected a JSON string");
        assertThat(run.err().lines()).hasSize(2);
    }

    @Test
    void idsOutsideTheVocabularyAndWordsAreRefused() {
        assertThat(pg("detokenize", "--quiet", "1,two").exitCode()).isEqualTo(1);
        assertThat(pg("detokenize", "--quiet", "-5").exitCode()).isNotZero();
        assertThat(pgReading("[1.5]\n[99999999999]\n", "detokenize", "--json", "--quiet")
                        .objects())
                .allMatch(line -> line.has("error"));
    }
}
