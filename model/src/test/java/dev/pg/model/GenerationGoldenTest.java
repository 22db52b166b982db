package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Tensor;
import dev.pg.model.Completion.Candidate;
import dev.pg.model.ModelOptions.FinalSoftCap;
import dev.pg.model.generate.BeamStyle;
import dev.pg.model.generate.FinishReason;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Greedy lists and beams equal the reference implementation's, token by token. */
class GenerationGoldenTest {
    private static final String QUESTION = "answer en how many people are in the picture?";

    private static Request single(Golden golden) {
        return Request.of(QUESTION, golden.image("image0.png"));
    }

    private static GenerationOptions options(JsonNode facts) {
        GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(
                facts.has("max_new_tokens") ? facts.get("max_new_tokens").intValue() : 24);
        if (!facts.has("eos_token_id")) {
            return options;
        }
        Set<Integer> stops = new HashSet<>();
        facts.get("eos_token_id").forEach(id -> stops.add(id.intValue()));
        return options.withStopIds(stops);
    }

    private static int[] ints(JsonNode list) {
        int[] out = new int[list.size()];
        Arrays.setAll(out, i -> list.get(i).intValue());
        return out;
    }

    /** The generated ids with the end token, as the reference lists them. */
    private static int[] withStop(Candidate candidate) {
        int[] ids = candidate.ids();
        if (candidate.finishReason() != FinishReason.STOP) {
            return ids;
        }
        int[] out = Arrays.copyOf(ids, ids.length + 1);
        out[ids.length] = candidate.stopId();
        return out;
    }

    private static TextGenerator open(Golden golden, FinalSoftCap softCap) {
        return (TextGenerator) Model.open(golden.directory(), ModelOptions.DEFAULT.withFinalSoftCap(softCap));
    }

    @ParameterizedTest
    @CsvSource({
        "paligemma1, greedy",
        "paligemma1, greedy_with_extra_eos",
        "paligemma2, greedy",
        "paligemma2, greedy_with_extra_eos"
    })
    void greedyWithPicture(String name, String key) {
        Golden golden = Golden.open(name);
        JsonNode facts = golden.expected().get(key);
        try (TextGenerator model = open(golden, FinalSoftCap.AS_TRANSFORMERS)) {
            Completion completion = model.generate(single(golden), options(facts), TokenListener.NONE);
            assertThat(withStop(completion.best())).containsExactly(ints(facts.get("tokens")));
            if (facts.has("text")) {
                assertThat(completion.text()).isEqualTo(facts.get("text").stringValue());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "gemma1-text, greedy",
        "gemma1-text, greedy_with_extra_eos",
        "gemma2-text, greedy",
        "gemma2-text, greedy_with_extra_eos"
    })
    void greedyTextOnly(String name, String key) {
        Golden golden = Golden.open(name);
        JsonNode facts = golden.expected().get(key);
        int[] ids = Arrays.stream(golden.inputs().get("input_ids").toLongs())
                .mapToInt(Math::toIntExact)
                .toArray();
        try (TextGenerator model = open(golden, FinalSoftCap.AS_TRANSFORMERS)) {
            Completion completion = model.generate(Request.of(ids), options(facts), TokenListener.NONE);
            assertThat(withStop(completion.best())).containsExactly(ints(facts.get("tokens")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"paligemma1", "paligemma2"})
    void batchOfTwo(String name) {
        Golden golden = Golden.open(name);
        JsonNode facts = golden.expected().get("batch_greedy");
        try (TextGenerator model = open(golden, FinalSoftCap.AS_TRANSFORMERS)) {
            List<Request> requests = List.of(single(golden), Request.of("caption en", golden.image("image1.png")));
            List<Completion> completions = model.generate(requests, options(facts), TokenListener.NONE);
            for (int row = 0; row < requests.size(); row++) {
                assertThat(withStop(completions.get(row).best()))
                        .containsExactly(ints(facts.get("tokens").get(row)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"paligemma1", "paligemma2"})
    void twoPictures(String name) {
        Golden golden = Golden.open(name);
        JsonNode facts = golden.expected().get("pair_greedy");
        try (TextGenerator model = open(golden, FinalSoftCap.AS_TRANSFORMERS)) {
            Request request = Request.of("compare en", golden.image("image0.png"), golden.image("image1.png"));
            Completion completion = model.generate(request, options(facts), TokenListener.NONE);
            assertThat(withStop(completion.best())).containsExactly(ints(facts.get("tokens")));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "paligemma1, beam, AS_TRANSFORMERS",
        "paligemma1, beam_with_many_eos, AS_TRANSFORMERS",
        "paligemma2, beam, OFF",
        "paligemma2, beam_with_many_eos, AS_TRANSFORMERS",
        "paligemma2, beam_with_many_eos_softcapped, ON"
    })
    void beams(String name, String key, FinalSoftCap softCap) {
        Golden golden = Golden.open(name);
        JsonNode facts = golden.expected().get(key);
        try (TextGenerator model = open(golden, softCap)) {
            GenerationOptions options = options(facts).withBeams(4, BeamStyle.TRANSFORMERS, 4);
            List<Candidate> candidates =
                    model.generate(single(golden), options, TokenListener.NONE).candidates();
            assertThat(candidates).hasSize(4);
            for (int i = 0; i < 4; i++) {
                assertThat(withStop(candidates.get(i)))
                        .containsExactly(ints(facts.get("sequences").get(i)));
                assertThat(candidates.get(i).score())
                        .isCloseTo(facts.get("scores").get(i).doubleValue(), within(1e-4));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f16", "bf16", "mixed", "sharded", "names-nested", "names-saved5"})
    void storageVariants(String name) {
        Golden golden = Golden.open("paligemma2-variants/" + name);
        Golden base = Golden.open("paligemma2");
        JsonNode facts = golden.expected().get("greedy");
        Tensor ids = base.inputs().get("single.input_ids");
        int[] prompt = Arrays.stream(ids.toLongs()).mapToInt(Math::toIntExact).toArray();
        try (TextGenerator model = open(golden, FinalSoftCap.AS_TRANSFORMERS)) {
            Completion completion =
                    model.generate(Request.of(prompt, base.image("image0.png")), options(facts), TokenListener.NONE);
            assertThat(withStop(completion.best())).containsExactly(ints(facts.get("tokens")));
        }
    }

    @Test
    void stopIdsComeFromTheGenerationConfig() {
        try (TextGenerator model = open(Golden.open("paligemma2"), FinalSoftCap.AS_TRANSFORMERS)) {
            assertThat(model.stopIds()).containsExactly(1);
        }
    }
}
