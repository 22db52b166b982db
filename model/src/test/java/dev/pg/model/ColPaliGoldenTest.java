package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.PageVectors;
import dev.pg.model.Embedder.Pooling;
import dev.pg.model.ModelOptions.AdapterUse;
import dev.pg.model.adapter.Adapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Pages, queries and scores of ColPali in both layouts against the reference. */
class ColPaliGoldenTest {
    private static final Path FOLDER = Golden.TESTDATA.resolve("golden/colpali");
    private static final JsonNode CASES = Golden.json(FOLDER.resolve("cases.json"));

    private static ColPali merged() {
        return ColPali.open(FOLDER, ModelOptions.DEFAULT);
    }

    private static ColPali engine(AdapterUse use) {
        Adapter adapter = Adapter.open(FOLDER.resolve("engine/adapter"));
        return ColPali.open(FOLDER.resolve("engine/base"), ModelOptions.DEFAULT.withAdapters(List.of(adapter), use));
    }

    private static List<Matrix> pages(ColPali model) {
        return CASES.path("pages")
                .valueStream()
                .map(name -> model.embedPage(Golden.open("colpali").image(name.stringValue())))
                .toList();
    }

    private static void assertAgrees(String golden, ColPali model) {
        Golden expected = Golden.open(golden);
        List<Tensor> got = new ArrayList<>();
        List<Matrix> pages = pages(model);
        float[] all =
                new float[pages.stream().mapToInt(p -> p.rows() * p.cols()).sum()];
        for (int p = 0; p < pages.size(); p++) {
            float[] one = pages.get(p).toArray();
            System.arraycopy(one, 0, all, p * one.length, one.length);
        }
        Matrix first = pages.getFirst();
        got.add(Tensor.ofFloats("page.embeddings", all, pages.size(), first.rows(), first.cols()));
        float[] scores = new float[CASES.path("queries").size() * pages.size()];
        for (int q = 0; q < CASES.path("queries").size(); q++) {
            Matrix query = model.embedQuery(CASES.path("queries").get(q).stringValue());
            got.add(Tensor.ofFloats("query" + q + ".embeddings", query.toArray(), 1, query.rows(), query.cols()));
            for (int p = 0; p < pages.size(); p++) {
                scores[q * pages.size() + p] = model.maxSim(query, pages.get(p));
            }
        }
        got.add(Tensor.ofFloats("scores", scores, CASES.path("queries").size(), pages.size()));
        expected.assertAgrees("", got);
    }

    @Test
    void mergedCheckpoint() {
        try (ColPali model = merged()) {
            assertAgrees("colpali", model);
        }
    }

    @ParameterizedTest
    @EnumSource(AdapterUse.class)
    void baseAndAdapter(AdapterUse use) {
        try (ColPali model = engine(use)) {
            assertAgrees("colpali/engine", model);
        }
    }

    @Test
    void smallerStoresScoreNearlyTheSame() {
        try (ColPali model = merged()) {
            Matrix query = model.embedQuery("what was the revenue in 2023?");
            List<Matrix> pages = pages(model);
            float[] full = scores(model, query, pages, DType.F32);
            float[] half = scores(model, query, pages, DType.F16);
            float[] bytes = scores(model, query, pages, DType.I8);
            for (int p = 0; p < pages.size(); p++) {
                assertThat(full[p]).isEqualTo(model.maxSim(query, pages.get(p)));
                assertThat(half[p]).isCloseTo(full[p], within(5e-3f));
                assertThat(bytes[p]).isCloseTo(full[p], within(0.1f));
            }
        }
    }

    private static float[] scores(ColPali model, Matrix query, List<Matrix> pages, DType dtype) {
        return model.maxSim(
                query, pages.stream().map(page -> PageVectors.of(page, dtype)).toList());
    }

    @Test
    void isAnEmbedderOfTokens() {
        try (ColPali model = merged()) {
            assertThat(model.defaultPooling()).isEqualTo(Pooling.NONE);
            assertThat(model.embedTexts(List.of("a")).getFirst().rows()).isEqualTo(19);
            assertThatThrownBy(() -> model.embedImages(List.of(), Pooling.MEAN)).isInstanceOf(PgException.class);
        }
    }
}
