package dev.pg.model.generate;

import static dev.pg.model.generate.DecodingCases.elements;
import static dev.pg.model.generate.DecodingCases.ints;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class TransformersBeamSearchTest {
    static List<JsonNode> cases() {
        return DecodingCases.read("beams.json");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void findsTheSequencesAndScoresOfTransformers(JsonNode c) {
        List<Generated> found =
                Generator.generate(DecodingCases.model(c), options(c).withLogProbs(true), TokenListener.NONE);

        assertThat(found.stream().map(TransformersBeamSearchTest::withStop).map(Arrays::toString))
                .isEqualTo(elements(c.get("sequences")).stream()
                        .map(ids -> Arrays.toString(ints(ids)))
                        .toList());
        for (int i = 0; i < found.size(); i++) {
            Generated g = found.get(i);
            assertThat(g.score()).isCloseTo(c.get("scores").get(i).asDouble(), within(2e-6));
            assertThat(mean(g.logProbs())).isCloseTo(g.score(), within(1e-6));
            assertThat(g.finishReason())
                    .isEqualTo(
                            ints(c.get("stops")).length > 0 && g.stopId() >= 0
                                    ? FinishReason.STOP
                                    : FinishReason.LENGTH);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void returnsTheBestOfWhatItFound(JsonNode c) {
        GenerationOptions options = options(c);
        List<Generated> all = Generator.generate(DecodingCases.model(c), options, TokenListener.NONE);
        List<Generated> best = Generator.generate(
                DecodingCases.model(c),
                options.withBeams(options.beams(), BeamStyle.TRANSFORMERS, 1),
                TokenListener.NONE);

        assertThat(best).hasSize(1);
        assertThat(best.getFirst().ids()).isEqualTo(all.getFirst().ids());
        assertThat(best.getFirst().logProbs()).isEmpty();
    }

    @Test
    void cancellationReturnsWhatThereIs() {
        List<Generated> found = Generator.generate(
                HashedSequences.of(50, 3),
                GenerationOptions.DEFAULT.withBeams(4, BeamStyle.TRANSFORMERS, 4),
                new CancelAfter(5));

        assertThat(found).hasSize(4);
        assertThat(found).allSatisfy(g -> {
            assertThat(g.finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(g.ids()).hasSize(5);
        });
        assertThat(found).isSortedAccordingTo((a, b) -> Double.compare(b.score(), a.score()));
    }

    private static GenerationOptions options(JsonNode c) {
        Set<Integer> stops = Arrays.stream(ints(c.get("stops"))).boxed().collect(Collectors.toSet());
        int beams = c.get("beams").asInt();
        return GenerationOptions.DEFAULT
                .withMaxTokens(c.get("max_tokens").asInt())
                .withStopIds(stops)
                .withBeams(beams, BeamStyle.TRANSFORMERS, beams);
    }

    private static int[] withStop(Generated g) {
        if (g.stopId() < 0) {
            return g.ids();
        }
        int[] all = Arrays.copyOf(g.ids(), g.ids().length + 1);
        all[g.ids().length] = g.stopId();
        return all;
    }

    private static double mean(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum / values.length;
    }
}
