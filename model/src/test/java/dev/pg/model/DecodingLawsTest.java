package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Checkpoint;
import dev.pg.core.DType;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.model.Completion.Candidate;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.generate.BeamStyle;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What must hold whatever the weights: ways to the same result give the same result. */
class DecodingLawsTest {
    private static final GenerationOptions NEVER_STOPS =
            GenerationOptions.DEFAULT.withMaxTokens(20).withStopIds(Set.of(Integer.MAX_VALUE));

    private static PaliGemma open(Golden golden, int threads) {
        return PaliGemma.open(golden.directory(), ModelOptions.DEFAULT.withThreads(threads));
    }

    private static Request request(Golden golden) {
        return Request.of("caption en", golden.image("image0.png"));
    }

    private static Tensor find(List<Tensor> trace, String name) {
        return trace.stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
    }

    /**
     * Log-probabilities of the generated tokens, step by step with a cache, and from one pass over all of them. The longer prompts go through
     * the layers in one block of rows and in three.
     */
    @ParameterizedTest
    @CsvSource({"gemma1-text, 0", "gemma2-text, 0", "gemma1-text, 310", "gemma2-text, 310", "gemma2-text, 700"})
    void stepByStepEqualsTeacherForcing(String name, int atLeast) {
        Golden golden = Golden.open(name);
        int[] ids = Arrays.stream(golden.inputs().get("input_ids").toLongs())
                .mapToInt(Math::toIntExact)
                .toArray();
        int[] prompt = IntStream.range(0, Math.max(ids.length, atLeast))
                .map(i -> ids[i % ids.length])
                .toArray();
        try (TextModel model = (TextModel) Model.open(golden.directory(), ModelOptions.DEFAULT)) {
            Candidate candidate = model.generate(Request.of(prompt), NEVER_STOPS.withLogProbs(true), TokenListener.NONE)
                    .best();
            int[] all = Arrays.copyOf(prompt, prompt.length + candidate.ids().length);
            System.arraycopy(candidate.ids(), 0, all, prompt.length, candidate.ids().length);
            Tensor logits = find(
                    Trace.run(
                            model,
                            new TraceInput(
                                    List.of(),
                                    Optional.empty(),
                                    Optional.empty(),
                                    List.of(),
                                    Optional.of(all),
                                    Optional.empty())),
                    "logits");
            assertLogProbs(candidate, logits.toFloats(), (int) logits.dim(2), prompt.length);
        }
    }

    private static void assertLogProbs(Candidate candidate, float[] logits, int vocab, int promptLength) {
        for (int i = 0; i < candidate.ids().length; i++) {
            int row = promptLength - 1 + i;
            double sum = 0;
            for (int v = 0; v < vocab; v++) {
                sum += Math.exp(logits[row * vocab + v]);
            }
            double want = logits[row * vocab + candidate.ids()[i]] - Math.log(sum);
            assertThat((double) candidate.logProbs()[i]).isCloseTo(want, within(1e-4));
        }
    }

    /** Every stage of a prompt, bit for bit. */
    @ParameterizedTest
    @ValueSource(strings = {"paligemma1", "paligemma2"})
    void residentWeightsGiveWhatMappedOnesGive(String name) {
        Golden golden = Golden.open(name);
        ModelOptions mapped = ModelOptions.DEFAULT.withThreads(2);
        List<Tensor> want = trace(golden, mapped);
        List<Tensor> got = trace(golden, mapped.withWeights(WeightMemory.RESIDENT));
        assertThat(got).isNotEmpty().hasSameSizeAs(want);
        for (int i = 0; i < want.size(); i++) {
            assertThat(got.get(i).toString()).isEqualTo(want.get(i).toString());
            assertThat(got.get(i).data().mismatch(want.get(i).data())).isEqualTo(-1);
        }
    }

    /** Decoding multiplies resident weights in another order. */
    @Test
    void residentWeightsDecodeTheTextOfMappedOnes(@TempDir Path dir) throws IOException {
        Golden golden = Golden.open("gemma2-text");
        try (Checkpoint floats = Checkpoint.open(golden.directory())) {
            List<Tensor> halves = floats.names().stream()
                    .map(floats::tensor)
                    .map(t -> Tensor.ofFloats(t.name(), DType.BF16, t.toFloats(), t.shape()))
                    .toList();
            Safetensors.write(dir.resolve("model.safetensors"), halves, Map.of());
        }
        Files.copy(golden.directory().resolve("config.json"), dir.resolve("config.json"));
        ModelOptions mapped = ModelOptions.DEFAULT.withThreads(2);
        Candidate want = decode(dir, mapped);
        Candidate got = decode(dir, mapped.withWeights(WeightMemory.RESIDENT));
        assertThat(got.ids()).hasSize(20).isEqualTo(want.ids());
        assertThat(got.logProbs()).containsExactly(want.logProbs(), offset(1e-4f));
    }

    private static Candidate decode(Path directory, ModelOptions options) {
        try (TextModel model = (TextModel) Model.open(directory, options)) {
            return model.generate(Request.of(new int[] {2, 5, 7}), NEVER_STOPS.withLogProbs(true), TokenListener.NONE)
                    .best();
        }
    }

    private static List<Tensor> trace(Golden golden, ModelOptions options) {
        try (PaliGemma model = PaliGemma.open(golden.directory(), options)) {
            TraceInput input = new TraceInput(
                    List.of(golden.image("image0.png")),
                    Optional.empty(),
                    Optional.empty(),
                    List.of("caption en"),
                    Optional.empty(),
                    Optional.empty());
            return Trace.run(model, input);
        }
    }

    @Test
    void aRowOfABatchEqualsItsPromptAlone() {
        Golden golden = Golden.open("paligemma2");
        try (PaliGemma model = open(golden, 2)) {
            Image a = golden.image("image0.png");
            Image b = golden.image("image1.png");
            List<Request> requests = List.of(
                    Request.of("caption en", a),
                    Request.of("answer en how many people are in the picture?", b),
                    Request.of("ocr", a));
            List<Completion> batch = model.generate(requests, NEVER_STOPS.withLogProbs(true), TokenListener.NONE);
            for (int i = 0; i < requests.size(); i++) {
                Candidate alone = model.generate(requests.get(i), NEVER_STOPS.withLogProbs(true), TokenListener.NONE)
                        .best();
                Candidate together = batch.get(i).best();
                assertThat(together.ids()).containsExactly(alone.ids());
                assertThat(together.logProbs()).containsExactly(alone.logProbs(), within(1e-4f));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(BeamStyle.class)
    void oneBeamIsGreedy(BeamStyle style) {
        Golden golden = Golden.open("paligemma2");
        try (PaliGemma model = open(golden, 2)) {
            int[] greedy = model.generate(request(golden), NEVER_STOPS, TokenListener.NONE)
                    .ids();
            GenerationOptions beam = NEVER_STOPS.withBeams(1, style, 1);
            assertThat(model.generate(request(golden), beam, TokenListener.NONE).ids())
                    .containsExactly(greedy);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"paligemma1", "paligemma2"})
    void threadsAndWarmUpChangeNoBit(String name) {
        Golden golden = Golden.open(name);
        TraceInput input = new TraceInput(
                List.of(golden.image("image0.png")),
                Optional.empty(),
                Optional.empty(),
                List.of("caption en"),
                Optional.empty(),
                Optional.of("a cat"));
        List<Tensor> first;
        try (PaliGemma model = open(golden, 1)) {
            first = Trace.run(model, input);
        }
        try (PaliGemma model = open(golden, 3)) {
            for (int i = 0; i < 30; i++) {
                Trace.run(model, input);
            }
            List<Tensor> later = Trace.run(model, input);
            for (int i = 0; i < first.size(); i++) {
                assertThat(later.get(i).data().mismatch(first.get(i).data()))
                        .as(first.get(i).name())
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void zeroTokensGiveAnEmptyText() {
        Golden golden = Golden.open("paligemma2");
        try (PaliGemma model = open(golden, 2)) {
            Completion completion = model.generate(request(golden), NEVER_STOPS.withMaxTokens(0), TokenListener.NONE);
            assertThat(completion.ids()).isEmpty();
            assertThat(completion.text()).isEmpty();
        }
    }
}
