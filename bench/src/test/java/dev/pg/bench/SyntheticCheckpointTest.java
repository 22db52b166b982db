package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Checkpoint;
import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.model.Completion;
import dev.pg.model.PaliGemma;
import dev.pg.model.Request;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import dev.pg.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SyntheticCheckpointTest {
    static final ModelShape TINY =
            new ModelShape(2, new ModelShape.Vision(28, 14, 1, 24, 40, 2), 2, 32, 48, 4, 2, 16, 16);

    @TempDir
    private Path dir;

    /** The published checkpoints have these numbers of tensors and parameters. */
    @ParameterizedTest
    @CsvSource({
        "paligemma-3b-224, 603, 2.923e9",
        "paligemma2-3b-224, 727, 3.032e9",
        "paligemma2-10b-224, 903, 9.663e9",
        "paligemma2-28b-224, 947, 27.65e9"
    })
    void thePublishedShapesHaveTheirTensors(String name, int tensors, double parameters) {
        List<SyntheticWeight> weights = SyntheticWeights.of(ModelShape.of(name), 1);

        assertThat(weights).hasSize(tensors);
        assertThat(weights.stream().map(SyntheticWeight::name)).doesNotHaveDuplicates();
        double elements = weights.stream().mapToLong(SyntheticWeight::bytes).sum() / 2.0;
        assertThat(elements / parameters).isCloseTo(1, within(1e-3));
    }

    @Test
    void aShardedCheckpointHoldsEveryTensorOnce() throws IOException {
        long bytes = SyntheticCheckpoint.write(dir, TINY, 3, 60_000);

        assertThat(dir.resolve("model.safetensors.index.json")).exists();
        long files = 0;
        try (var shards = Files.newDirectoryStream(dir, "model-*.safetensors")) {
            for (Path shard : shards) {
                files += Files.size(shard);
            }
        }
        assertThat(files).isGreaterThan(bytes);
        try (Checkpoint checkpoint = Checkpoint.open(dir)) {
            assertThat(checkpoint.bytes()).isEqualTo(bytes);
            for (SyntheticWeight weight : SyntheticWeights.of(TINY, 3)) {
                MemorySegment whole = MemorySegment.ofArray(new byte[(int) weight.bytes()]);
                weight.copyTo(whole, 0);
                assertThat(checkpoint
                                .tensor(weight.name(), weight.shape())
                                .data()
                                .mismatch(whole))
                        .as(weight.name())
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void matricesAreNormalAndNormsNeutral() throws IOException {
        SyntheticCheckpoint.write(dir, TINY, 3, SyntheticCheckpoint.SHARD_BYTES);

        try (Checkpoint checkpoint = Checkpoint.open(dir)) {
            float[] embeddings = checkpoint
                    .tensor("language_model.model.embed_tokens.weight")
                    .toFloats();
            double sum = 0;
            double squares = 0;
            int within = 0;
            for (float value : embeddings) {
                sum += value;
                squares += value * (double) value;
                within += Math.abs(value) < 0.02 ? 1 : 0;
            }
            int n = embeddings.length;
            assertThat(sum / n).isCloseTo(0, within(1e-4));
            assertThat(Math.sqrt(squares / n)).isCloseTo(0.02, within(1e-3));
            assertThat((double) within / n).isCloseTo(0.6827, within(0.03));
            assertThat(checkpoint.tensor("language_model.model.norm.weight").toFloats())
                    .containsOnly(0);
            String norm = "vision_tower.vision_model.encoder.layers.0.layer_norm1.";
            assertThat(checkpoint.tensor(norm + "weight").toFloats()).containsOnly(1);
            assertThat(checkpoint.tensor(norm + "bias").toFloats()).containsOnly(0);
        }
    }

    @Test
    void theBytesDoNotDependOnHowTheyAreAskedFor() {
        SyntheticWeight weight = new SyntheticWeight("w", new long[] {1001}, SyntheticWeight.normal(1, 5), 9);
        byte[] whole = new byte[2002];
        weight.copyTo(MemorySegment.ofArray(whole), 0);

        for (int step : new int[] {2, 6, 8, 34, 2000}) {
            byte[] pieces = new byte[2002];
            for (int from = 0; from < pieces.length; from += step) {
                int count = Math.min(step, pieces.length - from);
                weight.copyTo(MemorySegment.ofArray(pieces).asSlice(from, count), from);
            }
            assertThat(pieces).isEqualTo(whole);
        }
        assertThat(DType.BF16).isEqualTo(weight.dtype());
    }

    @Test
    void tensorsAndSeedsDiffer() {
        List<SyntheticWeight> weights = SyntheticWeights.of(TINY, 3);
        SyntheticWeight gate = named(weights, "language_model.model.layers.0.mlp.gate_proj.weight");
        SyntheticWeight up = named(weights, "language_model.model.layers.0.mlp.up_proj.weight");
        SyntheticWeight otherSeed = named(SyntheticWeights.of(TINY, 4), gate.name());

        assertThat(bytes(gate)).isNotEqualTo(bytes(up)).isNotEqualTo(bytes(otherSeed));
    }

    @Test
    void theTokenizerHasTheIdsOfPaliGemma() throws IOException {
        SyntheticCheckpoint.write(dir, TINY, 3, SyntheticCheckpoint.SHARD_BYTES);
        Tokenizer tokenizer = Tokenizer.open(dir);

        assertThat(tokenizer.size()).isEqualTo(257_153);
        assertThat(List.of(tokenizer.padId(), tokenizer.eosId(), tokenizer.bosId(), tokenizer.unkId()))
                .containsExactly(0, 1, 2, 3);
        assertThat(tokenizer.encode("\n")).containsExactly(108);
        assertThat(tokenizer.encode("<loc0000><loc1023><seg000><seg127><image>"))
                .containsExactly(256_000, 257_023, 257_024, 257_151, 257_152);
        assertThat(tokenizer.piece(217)).isEqualTo("<0x00>");
        assertThat(tokenizer.encode("cat")).hasSize(1);
        for (String text : List.of("caption en", "detect a cat ; two  dogs\n", "d\u00e9j\u00e0 vu \ud83d\ude00")) {
            assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1000000000", "2, 300000"})
    void aModelOpensAndCaptions(int gemma, long shardBytes) throws IOException {
        ModelShape shape =
                new ModelShape(gemma, TINY.vision(), TINY.layers(), TINY.hidden(), TINY.intermediate(), 4, 2, 256, 256);
        SyntheticCheckpoint.write(dir, shape, 3, shardBytes);

        try (PaliGemma model = PaliGemma.open(dir)) {
            assertThat(model.config().text().layers()).isEqualTo(shape.layers());
            Image image = Image.of(2, 1, new byte[] {0, 10, 20, 30, 40, 50});
            Completion completion = model.generate(
                    Request.of("caption en", image), GenerationOptions.DEFAULT.withMaxTokens(3), TokenListener.NONE);
            assertThat(completion.ids()).hasSizeBetween(0, 3);
        }
    }

    @Test
    void aDirectoryWithFilesInItIsLeftAlone() throws IOException {
        Files.writeString(dir.resolve("precious"), "x");

        assertThatThrownBy(() -> SyntheticCheckpoint.write(dir, TINY, 3, SyntheticCheckpoint.SHARD_BYTES))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("not empty");
        assertThat(dir).isDirectoryContaining(path -> path.endsWith("precious"));
    }

    @Test
    void anUnknownShapeIsAnswered() {
        assertThatThrownBy(() -> ModelShape.of("paligemma2-3b-225"))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("paligemma2-28b");
    }

    @Test
    void fewerLayersMakeFewerTensors() {
        ModelShape full = ModelShape.of("paligemma2-3b-448");
        ModelShape one = full.withLayers(1, 2);

        assertThat(SyntheticWeights.of(one, 1)).hasSize(727 - 25 * 11 - 25 * 16);
        assertThat(one.vision().patches()).isEqualTo(1024);
        assertThatThrownBy(() -> full.withLayers(0, 27))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("0 in the decoder");
    }

    private static SyntheticWeight named(List<SyntheticWeight> weights, String name) {
        return weights.stream()
                .filter(weight -> weight.name().equals(name))
                .findAny()
                .orElseThrow();
    }

    private static byte[] bytes(SyntheticWeight weight) {
        byte[] bytes = new byte[(int) weight.bytes()];
        weight.copyTo(MemorySegment.ofArray(bytes), 0);
        return bytes;
    }
}
