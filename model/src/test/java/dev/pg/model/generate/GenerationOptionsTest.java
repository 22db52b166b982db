package dev.pg.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class GenerationOptionsTest {
    @Test
    void valuesOutOfRangeAreNamed() {
        refuses("maxTokens must be 0 or more, not -1", o -> o.withMaxTokens(-1));
        refuses("temperature must be finite and 0 (greedy) or more, not -0.5", o -> o.withSampling(-0.5, 0, 1, 0));
        refuses("temperature must be finite and 0 (greedy) or more, not NaN", o -> o.withSampling(Double.NaN, 0, 1, 0));
        refuses(
                "temperature must be finite and 0 (greedy) or more, not Infinity",
                o -> o.withSampling(Double.POSITIVE_INFINITY, 0, 1, 0));
        refuses("topK must be 0 (no limit) or more, not -3", o -> o.withSampling(1, -3, 1, 0));
        refuses("topP must be in (0, 1], not 0.0", o -> o.withSampling(1, 0, 0, 0));
        refuses("topP must be in (0, 1], not 1.5", o -> o.withSampling(1, 0, 1.5, 0));
        refuses("topP must be in (0, 1], not NaN", o -> o.withSampling(1, 0, Double.NaN, 0));
        refuses("beams must be 1 or more, not 0", o -> o.withBeams(0, BeamStyle.TRANSFORMERS, 1));
        refuses("returnCount must be in [1, beams = 2], not 3", o -> o.withBeams(2, BeamStyle.TRANSFORMERS, 3));
        refuses("returnCount must be in [1, beams = 2], not 0", o -> o.withBeams(2, BeamStyle.TRANSFORMERS, 0));
        refuses("does not sample", o -> o.withSampling(1, 0, 1, 0).withBeams(2, BeamStyle.TRANSFORMERS, 1));
        refuses(
                "does not sample",
                o -> o.withBeams(2, BeamStyle.TRANSFORMERS, 1).withSampling(1, 0, 1, 0));
    }

    @Test
    void limitsOfTheRangesAreAllowed() {
        assertThat(GenerationOptions.DEFAULT.withMaxTokens(0).maxTokens()).isZero();
        assertThat(GenerationOptions.DEFAULT.withSampling(0, 0, 1, 0).topP()).isOne();
        assertThat(GenerationOptions.DEFAULT
                        .withBeams(4, BeamStyle.TRANSFORMERS, 4)
                        .returnCount())
                .isEqualTo(4);
    }

    @Test
    void stopIdsAreCopied() {
        Set<Integer> ids = new HashSet<>(Set.of(1));
        GenerationOptions options = GenerationOptions.DEFAULT.withStopIds(ids);
        ids.add(2);

        assertThat(options.stopIds()).containsExactly(1);
    }

    private static void refuses(String message, UnaryOperator<GenerationOptions> change) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> change.apply(GenerationOptions.DEFAULT))
                .withMessageContaining(message);
    }
}
