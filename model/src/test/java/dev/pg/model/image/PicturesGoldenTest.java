package dev.pg.model.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every kind of file in {@code golden-pg/pictures} against Pillow's decoding, bit for bit. */
class PicturesGoldenTest {
    private static final Path DIR = Path.of(System.getProperty("pg.testdata"), "golden-pg", "pictures");
    private static final JsonNode PICTURES = JsonMapper.shared().readTree(DIR.resolve("pictures.json"));

    static Stream<String> names() {
        return PICTURES.propertyNames().stream();
    }

    @ParameterizedTest
    @MethodSource("names")
    void decodesToTheBytesOfPillow(String name) throws NoSuchAlgorithmException {
        Image image = ImageReader.read(DIR.resolve(name));

        JsonNode expected = PICTURES.get(name);
        assertThat(image.width()).isEqualTo(expected.get("size").get(0).asInt());
        assertThat(image.height()).isEqualTo(expected.get("size").get(1).asInt());
        byte[] sum = MessageDigest.getInstance("SHA-256").digest(image.rgb());
        assertThat(HexFormat.of().formatHex(sum))
                .isEqualTo(expected.get("sha256").asString());
    }

    @ParameterizedTest
    @MethodSource("names")
    void throughAJavaPictureAndBack(String name) {
        Image image = ImageReader.read(DIR.resolve(name));

        assertThat(Image.of(image.toBufferedImage())).isEqualTo(image);
    }

    @ParameterizedTest
    @MethodSource("names")
    void recognisesFilesByTheirBytes(String name) throws IOException {
        Image expected = ImageReader.read(DIR.resolve(name));

        assertThat(ImageReader.read(Files.readAllBytes(DIR.resolve(name)), "picture.dat"))
                .isEqualTo(expected)
                .hasSameHashCodeAs(expected);
    }
}
