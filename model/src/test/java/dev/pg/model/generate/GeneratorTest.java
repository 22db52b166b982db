package dev.pg.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import dev.pg.core.PgException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GeneratorTest {
    private static final GenerationOptions GREEDY = GenerationOptions.DEFAULT.withMaxTokens(12);

    @Test
    void greedyTakesTheMostLikelyToken() {
        HashedSequences model = HashedSequences.of(40, 7);
        int[] expected = new int[12];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = mostLikely(model);
            model.step(new int[] {expected[i]});
        }

        Generated found = generate(GREEDY, HashedSequences.of(40, 7)).getFirst();

        assertThat(found.ids()).isEqualTo(expected);
        assertThat(found.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(found.stopId()).isEqualTo(-1);
        assertThat(found.score()).isNaN();
        assertThat(found.logProbs()).isEmpty();
    }

    @Test
    void ofEquallyLikelyTokensTheLowestIdWins() {
        HashedSequences model = new HashedSequences(new long[] {1}, 40, 0, new int[] {30, 11, 25}, 1);

        assertThat(generate(GREEDY.withMaxTokens(1), model).getFirst().ids()).containsExactly(11);
    }

    @Test
    void aStopTokenEndsTheSequenceAndIsNotPartOfIt() {
        int[] unstopped = generate(GREEDY, HashedSequences.of(40, 7)).getFirst().ids();
        int stop = unstopped[4];
        assertThat(IntStream.range(0, 4).map(i -> unstopped[i])).doesNotContain(stop);

        Generated found = generate(GREEDY.withStopIds(Set.of(stop, 4000)), HashedSequences.of(40, 7))
                .getFirst();

        assertThat(found.ids()).isEqualTo(Arrays.copyOf(unstopped, 4));
        assertThat(found.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(found.stopId()).isEqualTo(stop);
    }

    @ParameterizedTest
    @EnumSource(BeamStyle.class)
    void logProbsCountTheStopTokenAndMakeTheScore(BeamStyle style) {
        int stop = generate(GREEDY, HashedSequences.of(40, 7)).getFirst().ids()[4];
        GenerationOptions options =
                GREEDY.withStopIds(Set.of(stop)).withBeams(1, style, 1).withLogProbs(true);

        Generated found = generate(options, HashedSequences.of(40, 7)).getFirst();

        assertThat(found.logProbs()).hasSize(5);
        HashedSequences model = HashedSequences.of(40, 7);
        double sum = 0;
        for (int i = 0; i < 5; i++) {
            int id = i < 4 ? found.ids()[i] : stop;
            double normaliser = 0;
            for (int j = 0; j < 40; j++) {
                normaliser += Math.exp(model.logits().get(0, j));
            }
            double expected = model.logits().get(0, id) - Math.log(normaliser);
            assertThat(found.logProbs()[i]).isCloseTo((float) expected, within(1e-6f));
            sum += expected;
            model.step(new int[] {id});
        }
        assertThat(found.score()).isCloseTo(style == BeamStyle.TRANSFORMERS ? sum / 5 : sum, within(1e-9));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.7, 3})
    void aRowOfABatchIsWhatItsPromptGivesAlone(double temperature) {
        GenerationOptions options = GREEDY.withSampling(temperature, 20, 0.9, 5)
                .withStopIds(Set.of(1, 2, 3, 4, 5))
                .withLogProbs(true);
        long[] seeds = LongStream.range(0, 30).toArray();

        List<Generated> batch = generate(options, HashedSequences.of(40, seeds));

        assertThat(batch.stream().map(Generated::finishReason)).contains(FinishReason.STOP, FinishReason.LENGTH);
        for (int i = 0; i < seeds.length; i++) {
            Generated single =
                    generate(options, HashedSequences.of(40, seeds[i])).getFirst();
            assertThat(batch.get(i)).usingRecursiveComparison().isEqualTo(single);
        }
    }

    @Test
    void endedRowsAreNotComputed() {
        GenerationOptions options = GREEDY.withStopIds(Set.of(1, 2, 3, 4, 5));
        HashedSequences model = HashedSequences.of(40, LongStream.range(0, 30).toArray());

        List<Generated> batch = generate(options, model);

        // n tokens need n rows of logits, and the one that stops is a token too.
        long needed = batch.stream()
                .mapToLong(g -> g.ids().length + (g.stopId() < 0 ? 0 : 1))
                .sum();
        assertThat(model.computedRows()).isEqualTo(needed);
    }

    @ParameterizedTest
    @EnumSource(BeamStyle.class)
    void noTokensAreAllowed(BeamStyle style) {
        for (int beams : new int[] {1, 3}) {
            GenerationOptions options =
                    GREEDY.withMaxTokens(0).withStopIds(Set.of(1)).withBeams(beams, style, beams);

            List<Generated> found = generate(options, HashedSequences.of(40, 7));

            assertThat(found).hasSize(1);
            assertThat(found.getFirst().ids()).isEmpty();
            assertThat(found.getFirst().finishReason()).isEqualTo(FinishReason.LENGTH);
        }
        assertThat(generate(GREEDY.withMaxTokens(0).withLogProbs(true), HashedSequences.of(40, 7)))
                .singleElement()
                .satisfies(g -> assertThat(g.score()).isZero());
    }

    @ParameterizedTest
    @EnumSource(BeamStyle.class)
    void aBeamOfOneIsGreedy(BeamStyle style) {
        for (long seed = 0; seed < 20; seed++) {
            GenerationOptions greedy = GREEDY.withStopIds(Set.of(1, 2, 3)).withLogProbs(true);
            Generated one = generate(greedy.withBeams(1, style, 1), HashedSequences.of(40, seed))
                    .getFirst();
            Generated expected = generate(greedy, HashedSequences.of(40, seed)).getFirst();

            assertThat(one.ids()).isEqualTo(expected.ids());
            assertThat(one.logProbs()).isEqualTo(expected.logProbs());
            assertThat(one.finishReason()).isEqualTo(expected.finishReason());
        }
    }

    @Test
    void theListenerHearsEveryTokenOfItsRow() {
        List<List<Integer>> heard = new ArrayList<>();
        long[] seeds = LongStream.range(0, 8).toArray();
        for (int i = 0; i < seeds.length; i++) {
            heard.add(new ArrayList<>());
        }

        List<Generated> batch = Generator.generate(
                HashedSequences.of(40, seeds),
                GREEDY.withStopIds(Set.of(1, 2, 3, 4, 5)),
                (row, id) -> heard.get(row).add(id));

        assertThat(batch.stream().map(g -> IntStream.of(g.ids()).boxed().toList()))
                .isEqualTo(heard);
    }

    @Test
    void aCancelledRowEndsAndTheOthersGoOn() {
        List<Generated> all = generate(GREEDY, HashedSequences.of(40, 1, 2, 3));

        CancelAfter third = new CancelAfter(3);
        List<Generated> found = Generator.generate(
                HashedSequences.of(40, 1, 2, 3), GREEDY, (row, id) -> row != 1 || third.token(row, id));

        assertThat(found.get(0).ids()).isEqualTo(all.get(0).ids());
        assertThat(found.get(1).ids()).isEqualTo(Arrays.copyOf(all.get(1).ids(), 3));
        assertThat(found.get(1).finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(found.get(2).ids()).isEqualTo(all.get(2).ids());
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void logitsThatAreNotFiniteAreAnError(float bad) {
        for (GenerationOptions options :
                List.of(GREEDY, GREEDY.withSampling(1, 0, 1, 0), GREEDY.withBeams(2, BeamStyle.TRANSFORMERS, 1))) {
            for (int place : new int[] {0, 20, 39}) {
                HashedSequences model = HashedSequences.of(40, 7);
                model.logits().data()[place] = bad;

                assertThatThrownBy(() -> generate(options, model))
                        .isInstanceOf(PgException.class)
                        .hasMessageContaining("not finite")
                        .hasMessageContaining("token " + place)
                        .hasMessageContaining("weights contain NaN");
            }
        }
    }

    @Test
    void negativeInfinityForbidsAToken() {
        HashedSequences model = HashedSequences.of(40, 7);
        int best = mostLikely(model);
        model.logits().data()[best] = Float.NEGATIVE_INFINITY;

        Generated found =
                generate(GREEDY.withMaxTokens(1).withLogProbs(true), model).getFirst();

        assertThat(found.ids()[0]).isNotEqualTo(best);
        assertThat(found.logProbs()[0]).isFinite();
    }

    @Test
    void beamSearchTakesOnePrompt() {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> generate(GREEDY.withBeams(2, BeamStyle.TRANSFORMERS, 1), HashedSequences.of(40, 1, 2)))
                .withMessageContaining("one prompt at a time, not 2");
    }

    /** The sequence is a result and so may be stored (twice: buffer and copy), but nothing else may grow with it. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.8})
    void aTokenAllocatesNothingButItsPlaceInTheResult(double temperature) {
        GenerationOptions options = GREEDY.withSampling(temperature, 20, 0.9, 5).withStopIds(Set.of(4000, 5000));
        int few = 20;
        int many = 250;
        allocatedBytes(options.withMaxTokens(many)); // loads classes

        long extra = allocatedBytes(options.withMaxTokens(many)) - allocatedBytes(options.withMaxTokens(few));

        assertThat(extra).isLessThanOrEqualTo(2L * Integer.BYTES * (many - few) + 64);
    }

    private static long allocatedBytes(GenerationOptions options) {
        HashedSequences model = HashedSequences.of(300, 1);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        generate(options, model);
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    private static List<Generated> generate(GenerationOptions options, Sequences prompts) {
        return Generator.generate(prompts, options, TokenListener.NONE);
    }

    private static int mostLikely(HashedSequences model) {
        return IntStream.range(0, model.vocabulary())
                .boxed()
                .max((a, b) ->
                        Float.compare(model.logits().get(0, a), model.logits().get(0, b)))
                .orElseThrow();
    }
}
