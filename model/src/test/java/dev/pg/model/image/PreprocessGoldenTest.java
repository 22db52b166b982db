package dev.pg.model.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.Safetensors;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every picture of {@code golden/preprocess} against Pillow's decoding and resizing. */
class PreprocessGoldenTest {
    private static final Path DIR = Path.of(System.getProperty("pg.testdata"), "golden", "preprocess");

    /** One resize of one file. */
    record Case(String file, int size, boolean upright, Gray16 gray16, String expected) {}

    static Stream<Case> cases() throws IOException {
        JsonNode images = JsonMapper.shared()
                .readTree(Files.readString(DIR.resolve("cases.json")))
                .get("images");
        return StreamSupport.stream(images.spliterator(), false).flatMap(PreprocessGoldenTest::casesOf);
    }

    private static Stream<Case> casesOf(JsonNode image) {
        String file = image.get("file").asString();
        return StreamSupport.stream(image.get("outputs").spliterator(), false).flatMap(output -> {
            int size = output.get("size").asInt();
            boolean upright = output.get("exif_applied").asBoolean();
            Case asPillow = new Case(
                    file, size, upright, Gray16.CLIP, output.get("resized_rgb").asString());
            return output.has("scaled_rgb")
                    ? Stream.of(
                            asPillow,
                            new Case(
                                    file,
                                    size,
                                    upright,
                                    Gray16.SCALE,
                                    output.get("scaled_rgb").asString()))
                    : Stream.of(asPillow);
        });
    }

    @ParameterizedTest
    @MethodSource("cases")
    void resizesToTheBytesOfPillow(Case c) throws IOException {
        ReadOptions options = ReadOptions.DEFAULT.withUpright(c.upright).withGray16(c.gray16);
        Image image = ImageReader.read(DIR.resolve(c.file), options);

        byte[] resized = ImageProcessor.of(c.size).resized(image).rgb();

        byte[] expected = gunzip(c.expected);
        if (c.file.equals("lossy.webp")) {
            assertThat(largestDifference(resized, expected)).isLessThanOrEqualTo(8);
            assertThat(meanDifference(resized, expected)).isLessThan(0.5);
        } else {
            assertThat(resized).isEqualTo(expected);
        }
    }

    private static int largestDifference(byte[] a, byte[] b) {
        return IntStream.range(0, a.length)
                .map(i -> Math.abs((a[i] & 0xff) - (b[i] & 0xff)))
                .max()
                .orElseThrow();
    }

    private static double meanDifference(byte[] a, byte[] b) {
        assertThat(a).hasSameSizeAs(b);
        long sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.abs((a[i] & 0xff) - (b[i] & 0xff));
        }
        return (double) sum / a.length;
    }

    @Test
    void normalisesToTheFloatsOfTransformers() throws IOException {
        Image image = ImageReader.read(DIR.resolve("checker.png"));

        float[] pixels = ImageProcessor.of(224).pixels(image); // [3 × 224 × 224]

        try (Arena arena = Arena.ofConfined()) {
            float[] expected = Safetensors.open(DIR.resolve("expected.safetensors"), arena)
                    .tensors()
                    .get("checker.png.224.pixel_values_first_32_rows")
                    .toFloats(); // [1 × 3 × 32 × 224]
            int rows = 32 * 224;
            for (int c = 0; c < 3; c++) {
                assertThat(Arrays.copyOfRange(pixels, c * 224 * 224, c * 224 * 224 + rows))
                        .containsExactly(Arrays.copyOfRange(expected, c * rows, (c + 1) * rows));
            }
        }
    }

    private static byte[] gunzip(String file) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(DIR.resolve(file)))) {
            return in.readAllBytes();
        }
    }
}
