package dev.pg.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageProcessorTest {
    private static final Image IMAGE = Image.of(2, 1, new byte[] {0, (byte) 255, 51, 102, (byte) 153, (byte) 204});

    @TempDir
    private Path dir;

    private ImageProcessor open(String json) throws IOException {
        Files.writeString(dir.resolve("preprocessor_config.json"), json);
        return ImageProcessor.open(dir, 2);
    }

    @Test
    void splitsIntoPlanes() {
        assertThat(ImageProcessor.of(2, 1, Filter.BICUBIC).pixels(IMAGE))
                .containsExactly(-1, -0.19999999f, 1, 0.20000005f, -0.6f, 0.6f);
    }

    @Test
    void takesTheDefaultsWhereNothingIsSaid() throws IOException {
        float[] byDefault = ImageProcessor.of(2).pixels(IMAGE);

        assertThat(ImageProcessor.open(dir, 2).pixels(IMAGE)).containsExactly(byDefault);
        assertThat(open("{}").pixels(IMAGE)).containsExactly(byDefault);
        assertThat(open("{\"size\": null, \"resample\": null, \"image_mean\": null}")
                        .pixels(IMAGE))
                .containsExactly(byDefault);
    }

    @Test
    void readsEveryKey() throws IOException {
        ImageProcessor processor = open("""
                {"size": {"height": 1, "width": 2}, "resample": 2, "rescale_factor": 1.0,
                 "image_mean": [0, 1, 2], "image_std": [1, 2, 4]}""");

        assertThat(processor.size(7, 7)).isEqualTo(new Size(2, 1));
        assertThat(processor.pixels(IMAGE)).containsExactly(0, 102, 127, 76, 12.25f, 50.5f);
    }

    @Test
    void leavesStepsOut() throws IOException {
        ImageProcessor raw = open("""
                {"size": {"height": 1, "width": 2}, "do_rescale": false, "do_normalize": false}""");
        ImageProcessor fixed = open("""
                {"size": {"height": 3, "width": 2}, "do_resize": false}""");

        assertThat(raw.pixels(IMAGE)).containsExactly(0, 102, 255, 153, 51, 204);
        assertThatThrownBy(() -> fixed.pixels(IMAGE))
                .isInstanceOf(PgException.class)
                .hasMessageContaining("2x1")
                .hasMessageContaining("2x3");
    }

    @Test
    void readsASingleSizeAndTheNewerFile() throws IOException {
        assertThat(open("{\"size\": 7}").size(1, 1)).isEqualTo(new Size(7, 7));
        Files.delete(dir.resolve("preprocessor_config.json"));
        Files.writeString(
                dir.resolve("processor_config.json"),
                "{\"image_processor\": {\"size\": {\"height\": 5, \"width\": 6}}}");

        assertThat(ImageProcessor.open(dir, 2).size(7, 7)).isEqualTo(new Size(6, 5));
    }

    @Test
    void resamplesAsAsked() throws IOException {
        String json = "{\"size\": 4, \"resample\": %d}";

        assertThat(open(json.formatted(2)).resized(IMAGE)).isEqualTo(Resize.apply(IMAGE, 4, 4, Filter.BILINEAR));
        assertThat(open(json.formatted(3)).resized(IMAGE)).isEqualTo(Resize.apply(IMAGE, 4, 4, Filter.BICUBIC));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{ | cannot be read as JSON",
                "{\"size\": {\"shortest_edge\": 224}} | \"size\" is",
                "{\"size\": -1} | \"size\" is",
                "{\"size\": 100000} | \"size\" is",
                "{\"size\": \"224\"} | \"size\" is",
                "{\"resample\": 1} | \"resample\" is 1; supported are 2 (bilinear) and 3 (bicubic)",
                "{\"image_mean\": [1, 2]} | \"image_mean\" is [1,2]; expected three numbers",
                "{\"image_std\": [1, 2, \"x\"]} | expected a number",
                "{\"image_std\": [1, 0, 1]} | must not be 0",
                "{\"do_resize\": 1} | expected true or false",
                "[] | expected a JSON object"
            })
    void namesTheFileAndTheKeyThatIsWrong(String json, String message) {
        assertThatThrownBy(() -> open(json))
                .isInstanceOf(PgException.class)
                .hasMessageStartingWith(dir.resolve("preprocessor_config.json") + ": ")
                .hasMessageContaining(message);
    }
}
