package dev.pg.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BigVisionBeamSearchTest {
    private static final int STOP = 1;

    /** A sequence with its log-probability. */
    private record Scored(List<Integer> ids, double sum) {}

    @ParameterizedTest
    @CsvSource({"1, 2, -1", "2, 3, 0", "3, 4, 1", "4, 5, -2", "5, 4, -1", "6, 4, 0.5"})
    void wideEnoughABeamFindsTheMostLikelySequence(long seed, int maxTokens, float bias) {
        int vocabulary = 6;
        List<Scored> all = new ArrayList<>();
        enumerate(seed, vocabulary, bias, maxTokens, new Scored(List.of(), 0), all);
        Scored best = all.stream().max(Comparator.comparingDouble(Scored::sum)).orElseThrow();

        int everything = (int) Math.pow(vocabulary - 1, maxTokens);
        Generated found =
                search(seed, vocabulary, bias, maxTokens, everything, 1).getFirst();

        assertThat(ids(found)).isEqualTo(best.ids());
        assertThat(found.score()).isCloseTo(best.sum(), within(1e-9));
        assertThat(found.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(found.stopId()).isEqualTo(STOP);
    }

    @ParameterizedTest
    @CsvSource({"2, 20, 8, -2", "3, 20, 8, 0", "2, 9, 12, -3", "4, 50, 10, -1", "5, 7, 9, -4", "8, 12, 10, -3"})
    void narrowBeamsFindWhatTheReferenceFinds(int beams, int vocabulary, int maxTokens, float bias) {
        for (long seed = 0; seed < 50; seed++) {
            Generated found =
                    search(seed, vocabulary, bias, maxTokens, beams, 1).getFirst();
            Scored expected = reference(seed, vocabulary, bias, maxTokens, beams);

            assertThat(ids(found)).isEqualTo(expected.ids());
            assertThat(found.score()).isCloseTo(expected.sum(), within(1e-9));
        }
    }

    @Test
    void severalStopTokensCompete() {
        for (int i = 0; i < 50; i++) {
            long seed = i;
            HashedSequences model = new HashedSequences(new long[] {seed}, 30, 4, new int[] {1, 2, 3}, -1);
            GenerationOptions options = GenerationOptions.DEFAULT
                    .withMaxTokens(8)
                    .withStopIds(Set.of(1, 2, 3, 107))
                    .withBeams(4, BeamStyle.BIG_VISION, 4);

            List<Generated> found = Generator.generate(model, options, TokenListener.NONE);

            assertThat(found).isNotEmpty().isSortedAccordingTo((a, b) -> Double.compare(b.score(), a.score()));
            assertThat(found).allSatisfy(g -> {
                assertThat(g.stopId()).isIn(1, 2, 3);
                assertThat(g.ids()).doesNotContain(1, 2, 3).hasSizeLessThan(8);
                assertThat(g.score()).isCloseTo(logProbability(seed, 30, new int[] {1, 2, 3}, -1, g), within(1e-9));
            });
        }
    }

    @Test
    void needsAStopTokenThatTheModelKnows() {
        GenerationOptions options =
                GenerationOptions.DEFAULT.withStopIds(Set.of(107)).withBeams(2, BeamStyle.BIG_VISION, 1);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Generator.generate(HashedSequences.of(50, 1), options, TokenListener.NONE))
                .withMessageContaining("[107] is in [0, 50)");
    }

    private static List<Generated> search(
            long seed, int vocabulary, float bias, int maxTokens, int beams, int returnCount) {
        GenerationOptions options = GenerationOptions.DEFAULT
                .withMaxTokens(maxTokens)
                .withStopIds(Set.of(STOP))
                .withBeams(beams, BeamStyle.BIG_VISION, returnCount);
        return Generator.generate(model(seed, vocabulary, bias), options, TokenListener.NONE);
    }

    private static HashedSequences model(long seed, int vocabulary, float bias) {
        return new HashedSequences(new long[] {seed}, vocabulary, 4, new int[] {STOP}, bias);
    }

    private static List<Integer> ids(Generated g) {
        return Arrays.stream(g.ids()).boxed().toList();
    }

    private static void enumerate(
            long seed, int vocabulary, float bias, int maxTokens, Scored prefix, List<Scored> ended) {
        double[] logProbs = logProbs(model(seed, vocabulary, bias), prefix.ids());
        ended.add(new Scored(prefix.ids(), prefix.sum() + logProbs[STOP]));
        if (prefix.ids().size() + 1 < maxTokens) {
            for (int id = 0; id < vocabulary; id++) {
                if (id != STOP) {
                    enumerate(seed, vocabulary, bias, maxTokens, extend(prefix, id, logProbs), ended);
                }
            }
        }
    }

    /** The steps of big_vision's _beam_decode one by one, every beam computed from its beginning. */
    private static Scored reference(long seed, int vocabulary, float bias, int maxTokens, int beams) {
        Scored best = new Scored(List.of(), Double.NEGATIVE_INFINITY);
        List<Scored> live = List.of(new Scored(List.of(), 0));
        for (int step = 0; step < maxTokens; step++) {
            List<Scored> expanded = new ArrayList<>();
            for (Scored beam : live) {
                double[] logProbs = logProbs(model(seed, vocabulary, bias), beam.ids());
                if (beam.sum() + logProbs[STOP] > best.sum()) {
                    best = new Scored(beam.ids(), beam.sum() + logProbs[STOP]);
                }
                List<Scored> topOfBeam = new ArrayList<>();
                for (int id = 0; id < vocabulary; id++) {
                    topOfBeam.add(extend(beam, id, logProbs));
                }
                topOfBeam.sort(Comparator.comparingDouble(Scored::sum).reversed());
                for (Scored candidate : topOfBeam.subList(0, Math.min(beams + 1, vocabulary))) {
                    boolean stops = candidate.ids().getLast() == STOP;
                    expanded.add(stops ? new Scored(candidate.ids(), -Double.MAX_VALUE) : candidate);
                }
            }
            expanded.sort(Comparator.comparingDouble(Scored::sum).reversed());
            live = List.copyOf(expanded.subList(0, Math.min(beams, expanded.size())));
            if (live.getFirst().sum() < best.sum()) {
                break;
            }
        }
        return best;
    }

    private static Scored extend(Scored beam, int id, double[] logProbs) {
        List<Integer> longer = new ArrayList<>(beam.ids());
        longer.add(id);
        return new Scored(List.copyOf(longer), beam.sum() + logProbs[id]);
    }

    private static double logProbability(long seed, int vocabulary, int[] favoured, float bias, Generated g) {
        double sum = 0;
        List<Integer> prefix = new ArrayList<>();
        for (int i = 0; i <= g.ids().length; i++) {
            HashedSequences model = new HashedSequences(new long[] {seed}, vocabulary, 4, favoured, bias);
            int id = i < g.ids().length ? g.ids()[i] : g.stopId();
            sum += logProbs(model, prefix)[id];
            prefix.add(id);
        }
        return sum;
    }

    /** The log-probabilities behind {@code ids}, from the definition. */
    private static double[] logProbs(HashedSequences model, List<Integer> ids) {
        ids.forEach(id -> model.step(new int[] {id}));
        double[] out = new double[model.vocabulary()];
        double sum = 0;
        for (int i = 0; i < out.length; i++) {
            sum += Math.exp(model.logits().get(0, i));
        }
        for (int i = 0; i < out.length; i++) {
            out[i] = model.logits().get(0, i) - Math.log(sum);
        }
        return out;
    }
}
