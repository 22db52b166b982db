package dev.pg.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class SamplerTest {
    /** Numbers that divide [0, 1) evenly, so that each token is drawn as often as its probability says. */
    private static final int DRAWS = 5_000;

    static List<JsonNode> cases() {
        return DecodingCases.read("sampling.json");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void drawsFromTheDistributionOfTransformers(JsonNode c) {
        HashedSequences model = DecodingCases.model(c);
        double[] frequencies = frequencies(
                model.logits().toArray(),
                c.get("temperature").asDouble(),
                c.get("top_k").asInt(),
                c.get("top_p").asDouble());

        for (int id = 0; id < model.vocabulary(); id++) {
            double expected = c.get("probabilities").path(Integer.toString(id)).asDouble(0);
            assertThat(frequencies[id]).as("token %d", id).isCloseTo(expected, within(1.01 / DRAWS));
        }
    }

    @Test
    void tokensThatTieWithTheLastOfTopKStay() {
        assertThat(frequencies(new float[] {1, 3, 2, 2, 0}, 1, 2, 1)).satisfies(f -> {
            assertThat(f[0]).isZero();
            assertThat(f[2]).isPositive();
            assertThat(f[3]).isCloseTo(f[2], within(1.01 / DRAWS));
            assertThat(f[4]).isZero();
        });
    }

    @Test
    void theNucleusPrefersTheLowestIdAmongEquals() {
        assertThat(frequencies(new float[] {0, -0f, 0, 0}, 1, 0, 0.5)).containsExactly(0.5, 0.5, 0, 0);
    }

    @Test
    void theNucleusIsTheSmallestSetOfLikelyTokensWithItsMass() {
        for (long seed = 0; seed < 200; seed++) {
            float[] logits = HashedSequences.of(50, seed).logits().toArray();
            double topP = (seed + 1) / 200.0;
            double[] kept = frequencies(logits, 1, 0, topP, 1000);
            double total = 0;
            double mass = 0;
            float smallest = Float.POSITIVE_INFINITY;
            for (int i = 0; i < logits.length; i++) {
                total += Math.exp(logits[i]);
                if (kept[i] > 0) {
                    mass += Math.exp(logits[i]);
                    smallest = Math.min(smallest, logits[i]);
                }
            }
            for (int i = 0; i < logits.length; i++) {
                assertThat(kept[i] > 0).isEqualTo(logits[i] >= smallest);
            }
            assertThat(mass).isGreaterThanOrEqualTo(topP * total * (1 - 1e-12));
            assertThat(mass - Math.exp(smallest)).isLessThan(topP * total);
        }
    }

    @Test
    void aForbiddenTokenIsNeverDrawn() {
        float none = Float.NEGATIVE_INFINITY;

        assertThat(frequencies(new float[] {none, 1, none, 1, none}, 1, 0, 1)).containsExactly(0, 0.5, 0, 0.5, 0);
        assertThat(frequencies(new float[] {none, 1, none, 1, none}, 1, 4, 0.99))
                .containsExactly(0, 0.5, 0, 0.5, 0);
    }

    /** The stream of random numbers is part of the contract: a seed gives the same tokens in every release. */
    @Test
    void aSeedGivesTheseTokens() {
        GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(10).withSampling(1.2, 0, 0.95, 42);

        Generated found = Generator.generate(HashedSequences.of(1000, 1), options, TokenListener.NONE)
                .getFirst();

        assertThat(found.ids()).containsExactly(696, 654, 705, 788, 554, 100, 530, 881, 171, 976);
    }

    private static double[] frequencies(float[] logits, double temperature, int topK, double topP) {
        return frequencies(logits, temperature, topK, topP, DRAWS);
    }

    private static double[] frequencies(float[] logits, double temperature, int topK, double topP, int draws) {
        GenerationOptions options = GenerationOptions.DEFAULT.withSampling(temperature, topK, topP, 0);
        Sampler sampler = new Sampler(options, logits.length);
        float largest = logits[Logits.argmax(logits, 0, logits.length)];
        int[] counts = new int[logits.length];
        Grid grid = new Grid(draws);
        for (int i = 0; i < draws; i++) {
            counts[sampler.draw(logits, 0, largest, grid)]++;
        }
        return Arrays.stream(counts)
                .mapToDouble(count -> (double) count / draws)
                .toArray();
    }

    /** 0.5/n, 1.5/n, ... */
    private static final class Grid implements RandomGenerator {
        private final int n;
        private int next;

        Grid(int n) {
            this.n = n;
        }

        @Override
        public double nextDouble() {
            return (next++ + 0.5) / n;
        }

        @Override
        public long nextLong() {
            throw new UnsupportedOperationException("a draw takes one double");
        }
    }
}
