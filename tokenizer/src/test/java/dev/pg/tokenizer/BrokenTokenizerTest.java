package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.pg.core.PgException;
import dev.pg.tokenizer.proto.ModelProto;
import dev.pg.tokenizer.proto.ModelProto.SentencePiece;
import dev.pg.tokenizer.proto.NormalizerSpec;
import dev.pg.tokenizer.proto.TrainerSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A file that is no tokenizer is refused in one line that names the file and what is wrong with it. */
class BrokenTokenizerTest {
    @TempDir
    Path directory;

    private void refused(String name, byte[] content, String... words) throws IOException {
        Path file = Files.write(directory.resolve(name), content);
        assertThatThrownBy(() -> Tokenizer.open(directory))
                .isInstanceOf(PgException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContainingAll(words)
                .message()
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tokenizer.model", "spiece.model", "tokenizer.json"})
    void whatDownloadsLeaveBehind(String name) throws IOException {
        refused(name, utf8("<!DOCTYPE html><html><body>Access restricted</body></html>"), "web page", "login");
        refused(name, utf8("\n<html>"), "web page");
        refused(
                name,
                utf8(
                        "version https://git-lfs.github.com/spec/v1\noid sha256:61a7b147390c64585d6c3543dd6fc636906c9af3865a5548f27f31aee1d4c8e2\nsize 4241003\n"),
                "git lfs pull");
        refused(name, new byte[0], "empty");
        refused(name, utf8("Invalid username or password."), "fetch");
    }

    @Test
    void aDirectoryWithoutOne() {
        assertThatThrownBy(() -> Tokenizer.open(directory))
                .isInstanceOf(PgException.class)
                .hasMessageContainingAll(directory.toString(), "tokenizer.model", "tokenizer.json");
        assertThatThrownBy(() -> Tokenizer.open(directory.resolve("missing.model")))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("missing.model");
    }

    /** Cut anywhere, a model is refused: what says how to use its pieces comes last. */
    @ParameterizedTest
    @ValueSource(strings = {"golden/tokenizer/bpe-gemma", "golden/tokenizer/unigram-nfkc"})
    void aModelThatIsCutOff(String model) throws IOException {
        byte[] whole = Files.readAllBytes(Cases.TESTDATA.resolve(model).resolve("tokenizer.model"));
        int trainerSpec = ModelProto.parseFrom(whole).getPiecesList().stream()
                .mapToInt(piece -> 2 + piece.getSerializedSize())
                .sum();
        for (int length = 2; length < trainerSpec; length += 97) {
            refused("tokenizer.model", Arrays.copyOf(whole, length), "cut off");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"golden/gemma1-text/tokenizer.json"})
    void aJsonThatIsCutOff(String json) throws IOException {
        byte[] whole = Files.readAllBytes(Cases.TESTDATA.resolve(json));
        for (int length = 1; length < whole.length; length += 1009) {
            refused("tokenizer.json", Arrays.copyOf(whole, length), "fetch the file again");
        }
    }

    @Test
    void piecesThatContradictEachOther() throws IOException {
        refused("tokenizer.model", model().addPieces(piece("a", SentencePiece.Type.NORMAL)), "\"a\"", "twice");
        refused("tokenizer.model", model().addPieces(piece("?", SentencePiece.Type.UNKNOWN)), "both the unknown piece");
        refused("tokenizer.model", model().removePieces(0), "unknown piece");
        refused("tokenizer.model", model().addPieces(piece("", SentencePiece.Type.NORMAL)), "0 bytes");
        refused("tokenizer.model", model().addPieces(piece("x".repeat(5000), SentencePiece.Type.NORMAL)), "5000");
        refused("tokenizer.model", model().addPieces(piece("<0x41>", SentencePiece.Type.BYTE)), "byte fallback is off");
        refused(
                "tokenizer.model",
                model().setTrainerSpec(model().getTrainerSpec().toBuilder().setByteFallback(true)),
                "<0x00>",
                "missing");
        refused(
                "tokenizer.model",
                model().addPieces(piece("b", SentencePiece.Type.NORMAL).toBuilder()
                        .setScore(Float.NaN)),
                "not a number");
        refused(
                "tokenizer.model",
                model().setTrainerSpec(TrainerSpec.newBuilder().setModelType(TrainerSpec.ModelType.WORD)),
                "WORD",
                "only BPE and UNIGRAM");
        refused("tokenizer.model", model().clearTrainerSpec(), "trainer_spec");
    }

    @Test
    void aTableOfNormalisationsThatLies() throws IOException {
        refused("tokenizer.model", charsmap(0, new int[1], new byte[1]), "normalisations");
        refused("tokenizer.model", charsmap(Integer.MAX_VALUE, new int[1], new byte[1]), "normalisations");
        refused("tokenizer.model", charsmap(-4, new int[1], new byte[1]), "normalisations");
        refused("tokenizer.model", charsmap(6, new int[2], new byte[1]), "normalisations");
        refused("tokenizer.model", charsmap(4, new int[1], new byte[] {'x'}), "normalisations");
        refused("tokenizer.model", charsmap(4, new int[1], new byte[0]), "normalisations");
        // An edge that leads out of the table is found when a text follows it.
        Files.write(
                directory.resolve("tokenizer.model"),
                charsmap(4, new int[] {1 << 20}, new byte[1]).build().toByteArray());
        Tokenizer tokenizer = Tokenizer.open(directory);
        assertThatThrownBy(() -> tokenizer.encode("a"))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("normalisations");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[]|not a JSON object",
                "{}|no model.vocab",
                "{\"model\":[]}|START_OBJECT",
                "{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}|not supported",
                "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":0}}}|WordPiece",
                "{\"model\":{\"vocab\":{\"a\":0}}}|unknown piece",
                "{\"model\":{\"vocab\":{\"a\":-1}}}|-1",
                "{\"model\":{\"vocab\":{\"a\":2147483647}}}|2147483647",
                "{\"model\":{\"vocab\":{\"a\":2147483648}}}|2147483648",
                "{\"model\":{\"vocab\":{\"a\":5}}}|no piece has id 0",
                "{\"model\":{\"vocab\":{\"a\":0,\"b\":0}}}|share id 0",
                "{\"model\":{\"vocab\":{\"a\":0.5}}}|model.vocab",
                "{\"model\":{\"vocab\":{\"a\":0,\"u\":1},\"unk_token\":\"u\",\"merges\":[\"a\"]}}|not two pieces",
                "{\"model\":{\"vocab\":{\"a\":0,\"u\":1},\"unk_token\":\"u\",\"merges\":[\"a b\"]}}|not made of pieces",
                "{\"model\":{\"vocab\":{\"a\":0,\"u\":1},\"unk_token\":\"u\",\"merges\":[[\"a\"]]}}|model.merges",
                "{\"model\":{\"vocab\":{\"a\":0,\"u\":1},\"unk_token\":\"u\",\"byte_fallback\":true}}|<0x00>",
                "{\"model\":{\"vocab\":{\"a\":0,\"u\":1},\"unk_token\":\"u\",\"end_of_word_suffix\":\"w\"}}|not supported",
                "{\"normalizer\":{\"type\":\"NFC\"}}|NFC",
                "{\"added_tokens\":[{\"id\":-7,\"content\":\"x\"}]}|-7",
                "{\"added_tokens\":[{\"id\":\"x\",\"content\":\"x\"}]}|not a token id",
                "{\"model\":{\"vocab\":{\"u\":0},\"unk_token\":\"u\"},\"pre_tokenizer\":{\"type\":\"ByteLevel\"}}|ByteLevel",
            })
    void aJsonThatIsSomethingElse(String json, String word) throws IOException {
        refused("tokenizer.json", utf8(json), word);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "added_tokens.json|[1]|not a JSON object",
                "added_tokens.json|{\"a\"|not valid JSON",
                "added_tokens.json|{\"a\":-1}|-1",
                "added_tokens.json|{\"a\":99999999999}|99999999999",
                "added_tokens.json|{\"a\":{}}|not a token id",
                "tokenizer_config.json|{\"added_tokens_decoder\":{\"x\":{\"content\":\"y\"}}}|not a token id",
            })
    void aBrokenFileBesideTheModel(String name, String json, String word) throws IOException {
        Files.write(directory.resolve("tokenizer.model"), model().build().toByteArray());
        assertThat(Tokenizer.open(directory).size()).isEqualTo(2);
        refused(name, utf8(json), word);
    }

    @Test
    void anAddedTokenWithoutEnd() throws IOException {
        Files.write(directory.resolve("tokenizer.model"), model().build().toByteArray());
        refused("added_tokens.json", utf8("{\"" + "x".repeat(3000) + "\":7}"), "3000 characters");
    }

    private void refused(String name, ModelProto.Builder content, String... words) throws IOException {
        refused(name, content.build().toByteArray(), words);
    }

    private static ModelProto.Builder model() {
        return ModelProto.newBuilder()
                .addPieces(piece("<unk>", SentencePiece.Type.UNKNOWN))
                .addPieces(piece("a", SentencePiece.Type.NORMAL))
                .setTrainerSpec(TrainerSpec.newBuilder().setModelType(TrainerSpec.ModelType.BPE));
    }

    private static SentencePiece piece(String text, SentencePiece.Type type) {
        return SentencePiece.newBuilder()
                .setPiece(ByteString.copyFromUtf8(text))
                .setType(type)
                .build();
    }

    private static ModelProto.Builder charsmap(int trieBytes, int[] units, byte[] replacements) {
        ByteBuffer blob =
                ByteBuffer.allocate(4 + 4 * units.length + replacements.length).order(ByteOrder.LITTLE_ENDIAN);
        blob.putInt(trieBytes);
        Arrays.stream(units).forEach(blob::putInt);
        blob.put(replacements).flip();
        return model().setNormalizerSpec(NormalizerSpec.newBuilder().setPrecompiledCharsmap(ByteString.copyFrom(blob)));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
