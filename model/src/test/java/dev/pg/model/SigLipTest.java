package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.kernels.Matrix;
import dev.pg.model.Embedder.Pooling;
import dev.pg.model.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Embeddings and classification through the API. */
class SigLipTest {
    private static final Random RANDOM = new Random(7);

    private static Image picture(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        RANDOM.nextBytes(rgb);
        return Image.of(width, height, rgb);
    }

    private static List<Image> pictures() {
        List<Image> pictures = new ArrayList<>();
        for (int[] size : new int[][] {{64, 48}, {1, 10_000}, {300, 20}, {16, 16}, {7, 5}, {200, 201}, {10_000, 1}}) {
            pictures.add(picture(size[0], size[1]));
        }
        return pictures;
    }

    private static SigLip open(String golden) {
        return SigLip.open(Golden.open(golden).directory());
    }

    private static void assertClose(Matrix got, Matrix want) {
        assertThat(got.rows()).isEqualTo(want.rows());
        float[] expected = want.toArray();
        float[] actual = got.toArray();
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], within(1e-5f));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"siglip2-naflex", "siglip-dual"})
    void packedPicturesEqualSingleOnes(String golden) {
        List<Image> pictures = pictures();
        try (SigLip model = open(golden)) {
            for (Pooling pooling : Pooling.values()) {
                List<Matrix> packed = model.embedImages(pictures, pooling);
                assertThat(packed).hasSameSizeAs(pictures);
                for (int i = 0; i < pictures.size(); i++) {
                    Matrix alone =
                            model.embedImages(List.of(pictures.get(i)), pooling).getFirst();
                    assertClose(packed.get(i), alone);
                }
            }
        }
    }

    /** Blocks of rows begin and end within pictures. */
    @Test
    void picturesThatAreOneBlockEachEqualThemselvesInSeveral() {
        List<Image> pictures = List.of(picture(250, 250), picture(90, 400), picture(300, 200));
        ModelOptions options = ModelOptions.DEFAULT.withMaxPatches(250);
        try (SigLip model = SigLip.open(Golden.open("siglip2-naflex").directory(), options)) {
            List<Matrix> packed = model.embedImages(pictures, Pooling.NONE);
            assertThat(packed.stream().mapToInt(Matrix::rows).sum()).isGreaterThan(640);
            for (int i = 0; i < pictures.size(); i++) {
                assertClose(
                        packed.get(i),
                        model.embedImages(List.of(pictures.get(i)), Pooling.NONE)
                                .getFirst());
            }
        }
    }

    @Test
    void aBudgetOfPatchesBoundsAPicture() {
        Image picture = picture(160, 90);
        for (int budget : new int[] {1, 2, 7, 36, 100}) {
            ModelOptions options = ModelOptions.DEFAULT.withMaxPatches(budget);
            try (SigLip model = SigLip.open(Golden.open("siglip2-naflex").directory(), options)) {
                int patches = model.embedImages(List.of(picture), Pooling.NONE)
                        .getFirst()
                        .rows();
                assertThat(patches).isBetween(Math.max(1, budget / 2), budget);
            }
        }
        ModelOptions options = ModelOptions.DEFAULT.withMaxPatches(9);
        assertThatThrownBy(() -> SigLip.open(Golden.open("siglip-dual").directory(), options))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("NaFlex");
    }

    @Test
    void probabilitiesEqualTheReference() {
        for (String name : List.of("siglip-dual", "siglip2-naflex")) {
            Golden golden = Golden.open(name);
            var cases = Golden.json(golden.directory().resolve("cases.json"));
            List<String> texts = cases.path("texts")
                    .valueStream()
                    .map(text -> text.stringValue())
                    .toList();
            List<Image> images = cases.path("images")
                    .valueStream()
                    .map(file -> golden.image(file.stringValue()))
                    .toList();
            Tensor want = golden.tensors().get("probabilities");
            try (SigLip model = open(name)) {
                List<float[]> got = model.classifier(texts).probabilities(images);
                float[] expected = want.toFloats();
                for (int i = 0; i < expected.length; i++) {
                    float one = got.get(i / texts.size())[i % texts.size()];
                    assertThat(one).as(name + " " + i).isCloseTo(expected[i], within(2e-6f));
                }
            }
        }
    }

    @Test
    void aTowerByItselfEmbedsPicturesOnly() {
        try (SigLip model = open("siglip-vision")) {
            assertThat(model.defaultPooling()).isEqualTo(Pooling.HEAD);
            assertThat(model.embedImages(List.of(picture(9, 9)), Pooling.NONE)
                            .getFirst()
                            .rows())
                    .isEqualTo(25);
            assertThatThrownBy(() -> model.embedTexts(List.of("a")))
                    .isInstanceOf(PgException.class)
                    .hasMessageContaining("no text tower")
                    .hasMessageContaining("embeds pictures");
        }
    }

    @Test
    void aPaliGemmaEmbedsPicturesByTheMean() {
        Golden golden = Golden.open("paligemma2");
        try (PaliGemma model = PaliGemma.open(golden.directory())) {
            Image image = golden.image("image0.png");
            assertThat(model.defaultPooling()).isEqualTo(Pooling.MEAN);
            Matrix patches = model.embedImages(List.of(image), Pooling.NONE).getFirst();
            Matrix mean = model.embedImages(List.of(image), Pooling.MEAN).getFirst();
            float[] want =
                    golden.tensors().get("single.vision.last_hidden_state").toFloats();
            assertThat(patches.toArray()).hasSameSizeAs(want);
            for (int c = 0; c < mean.cols(); c++) {
                double sum = 0;
                for (int r = 0; r < patches.rows(); r++) {
                    sum += want[r * patches.cols() + c];
                }
                assertThat(mean.get(0, c)).isCloseTo((float) (sum / patches.rows()), within(5e-5f));
            }
            assertThatThrownBy(() -> model.embedImages(List.of(image), Pooling.HEAD))
                    .isInstanceOf(PgException.class)
                    .hasMessageContaining("no pooling head");
            assertThatThrownBy(() -> model.embedTexts(List.of("a"))).isInstanceOf(PgException.class);
        }
    }

    @Test
    void oneDoorGivesTheRightType() {
        Map<String, Class<? extends Model>> kinds = Map.of(
                "siglip-dual", SigLip.class,
                "siglip2-naflex", SigLip.class,
                "siglip-vision", SigLip.class,
                "paligemma1", PaliGemma.class,
                "gemma1-text", TextModel.class,
                "colpali", ColPali.class);
        kinds.forEach((name, kind) -> {
            try (Model model = Model.open(Golden.open(name).directory())) {
                assertThat(model).as(name).isInstanceOf(kind);
            }
        });
    }

    @Test
    void theDoorSaysWhatAModelCanDo() {
        assertThatThrownBy(() -> PaliGemma.open(Golden.open("siglip-dual").directory()))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("a SigLIP checkpoint")
                .hasMessageContaining("embeds pictures and texts")
                .hasMessageContaining("PaliGemma");
        assertThatThrownBy(() -> open("gemma2-text"))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("a Gemma 2 checkpoint, which writes text");
    }

    @Test
    void longTextsAreCutAndSaidToBe() {
        try (SigLip model = open("siglip-dual")) {
            String text = "a cat ".repeat(100);
            assertThat(model.tokens(text).dropped()).isEqualTo(200 - 63);
            Matrix cut = model.embedTexts(List.of(text)).getFirst();
            assertClose(cut, model.embedTexts(List.of("a cat ".repeat(50))).getFirst());
        }
    }

    @Test
    void normalisedRowsHaveLengthOneAndZerosStay() {
        Matrix vectors = Matrix.of(3, 2, 3, 4, 0, 0, -1e20f, 0);
        Embedder.normalize(vectors);
        assertThat(vectors.toArray()).containsExactly(0.6f, 0.8f, 0, 0, -1, 0);
    }
}
