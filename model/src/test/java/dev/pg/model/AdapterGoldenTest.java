package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.Tensor;
import dev.pg.model.ModelOptions.AdapterUse;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.adapter.Squeeze;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LoRA adapters on PaliGemma 2 against PEFT's logits and greedy ids. */
class AdapterGoldenTest {
    private static final Golden BASE = Golden.open("paligemma2");
    private static final String PROMPT = "answer en how many people are in the picture?";

    private static Adapter adapter(String name) {
        return Adapter.open(Golden.TESTDATA.resolve("golden/lora").resolve(name));
    }

    private static PaliGemma open(AdapterUse use, Adapter... adapters) {
        return PaliGemma.open(BASE.directory(), ModelOptions.DEFAULT.withAdapters(List.of(adapters), use));
    }

    private static List<Tensor> logits(Model model) {
        return Trace.run(
                        model,
                        new TraceInput(
                                List.of(BASE.image("image0.png")),
                                Optional.empty(),
                                Optional.empty(),
                                List.of(PROMPT),
                                Optional.empty(),
                                Optional.empty()))
                .stream()
                .filter(tensor -> tensor.name().endsWith("logits"))
                .map(tensor -> tensor.name().equals("logits") ? tensor.withName("logits_tail") : tensor)
                .toList();
    }

    private static int[] greedy(PaliGemma model) {
        return model.generate(
                        Request.of(PROMPT, BASE.image("image0.png")),
                        GenerationOptions.DEFAULT.withMaxTokens(16),
                        TokenListener.NONE)
                .ids();
    }

    @ParameterizedTest
    @CsvSource({
        "rank, rank, BESIDE",
        "rank, rank, MERGED",
        "rslora, rslora, BESIDE",
        "rslora, rslora, MERGED",
        "rslora-names5, rslora, BESIDE",
        "rslora-names5, rslora, MERGED"
    })
    void givesTheLogitsAndIdsOfPeft(String name, String expected, AdapterUse use) {
        Golden golden = Golden.open("lora/" + expected).withoutPrefix("squeezed");
        try (PaliGemma model = open(use, adapter(name))) {
            Golden chosen = use == AdapterUse.BESIDE ? golden.withoutPrefix("merged.") : golden;
            chosen.assertAgrees(use == AdapterUse.BESIDE ? "" : "merged.", logits(model));
            int[] ids = golden.expected()
                    .at("/greedy/tokens")
                    .valueStream()
                    .mapToInt(id -> id.intValue())
                    .toArray();
            assertThat(greedy(model)).isEqualTo(ids);
        }
    }

    /** The reference merges the best update of the rank; ours of the same rank are beside the weights, too. */
    @ParameterizedTest
    @CsvSource({"8, BESIDE", "8, MERGED", "4, BESIDE", "4, MERGED"})
    void squeezedExactlyGivesTheLogitsOfTheBestRank(int rank, AdapterUse use, @TempDir Path directory) {
        Path out = directory.resolve("squeezed");
        new Squeeze(OptionalInt.of(rank), OptionalDouble.empty(), true, 8, 1).write(adapter("rank"), out);
        try (PaliGemma model = open(use, Adapter.open(out))) {
            Golden.open("lora/rank").assertAgrees("squeezed_rank" + rank + ".", logits(model));
        }
    }

    @Test
    void oneBaseServesManyAdapters() {
        try (PaliGemma base = open(AdapterUse.BESIDE)) {
            int[] plain = greedy(base);
            PaliGemma first = base.withAdapters(List.of(adapter("rank")));
            PaliGemma second = first.withAdapters(List.of(adapter("rslora")));
            for (int i = 0; i < 2; i++) {
                Golden.open("lora/rank")
                        .withoutPrefix("squeezed")
                        .withoutPrefix("merged")
                        .assertAgrees("", logits(first));
                Golden.open("lora/rslora").withoutPrefix("merged").assertAgrees("", logits(second));
                assertThat(greedy(base)).isEqualTo(plain);
            }
            second.close();
            assertThat(greedy(base.withAdapters(List.of()))).isEqualTo(plain);
        }
    }

    /** Half an adapter twice is one adapter, and its opposite takes it away. */
    @Test
    void adaptersOfOneLayerAreSummed() {
        Adapter half = adapter("rank").withWeight(0.5f);
        try (PaliGemma model = open(AdapterUse.BESIDE, half, half)) {
            Golden.open("lora/rank")
                    .withoutPrefix("squeezed")
                    .withoutPrefix("merged")
                    .assertAgrees("", logits(model));
        }
        Adapter whole = adapter("rank");
        try (PaliGemma model = open(AdapterUse.MERGED, whole, adapter("rslora"), whole.withWeight(-1))) {
            Golden.open("lora/rslora")
                    .withoutPrefix("logits")
                    .withoutPrefix("last")
                    .assertAgrees("merged.", logits(model));
        }
    }
}
