package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.bench.AdapterCost.Costs;
import dev.pg.model.ModelOptions;
import dev.pg.model.PaliGemma;
import dev.pg.model.Request;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdapterCostTest {
    private static final ModelShape TINY = SyntheticCheckpointTest.TINY;

    @TempDir
    private Path dir;

    private Path base;
    private List<Path> folders;
    private long parameters;

    @BeforeEach
    void write() throws IOException {
        base = dir.resolve("base");
        SyntheticCheckpoint.write(base, TINY, 3, SyntheticCheckpoint.SHARD_BYTES);
        folders = List.of(dir.resolve("one"), dir.resolve("two"));
        for (Path folder : folders) {
            parameters =
                    SyntheticAdapter.write(folder, TINY, 3, folder.toString().length());
        }
    }

    @Test
    void aSyntheticAdapterUpdatesEveryProjection() {
        Adapter adapter = Adapter.open(folders.getFirst());
        assertThat(adapter.modules()).hasSize(7 * TINY.layers());
        assertThat(adapter.parameters()).isEqualTo(parameters);
        assertThat(adapter.modules())
                .allSatisfy(module -> assertThat(module.rank()).isEqualTo(3));
        try (PaliGemma model = PaliGemma.open(base, ModelOptions.DEFAULT.withThreads(1))) {
            Request request = Request.of(new int[] {2, 3, 4});
            GenerationOptions options =
                    GenerationOptions.DEFAULT.withMaxTokens(1).withLogProbs(true);
            float[] plain =
                    model.generate(request, options, TokenListener.NONE).best().logProbs();
            float[] adapted = model.withAdapters(List.of(adapter))
                    .generate(request, options, TokenListener.NONE)
                    .best()
                    .logProbs();
            assertThat(adapted).isNotEqualTo(plain);
        }
    }

    @Test
    void comparesEachAdapterWithTheBase() {
        Costs costs = AdapterCost.measure(base, folders, 1, 2);
        assertThat(costs.base().median()).isPositive();
        assertThat(costs.adapted().median()).isPositive();
        assertThat(costs.ratio().median()).isPositive();
        assertThat(costs.after().files()).isGreaterThanOrEqualTo(0);
        assertThat(costs.after().anonymous()).isGreaterThanOrEqualTo(0);
    }
}
