package dev.pg.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code golden-pg/resize}: equal to Pillow, bit for bit. */
class ResizeTest {
    private static final Map<String, Tensor> GOLDEN = Safetensors.open(
                    Path.of(System.getProperty("pg.testdata"), "golden-pg/resize/expected.safetensors"), Arena.global())
            .tensors();

    static Stream<String> cases() {
        return GOLDEN.keySet().stream().filter(k -> k.startsWith("in.")).map(k -> k.substring(3));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void equalsPillow(String key) {
        Tensor in = GOLDEN.get("in." + key);
        Tensor out = GOLDEN.get("out." + key);
        int height = (int) in.dim(0);
        int width = (int) in.dim(1);
        int newHeight = (int) out.dim(0);
        int newWidth = (int) out.dim(1);
        if (key.endsWith("float")) {
            assertThat(Resize.bilinear(in.toFloats(), width, height, newWidth, newHeight))
                    .containsExactly(out.toFloats());
        } else {
            int bands = key.endsWith("gray") ? 1 : 3;
            Filter filter = key.endsWith("bilinear") ? Filter.BILINEAR : Filter.BICUBIC;
            assertThat(Resize.bytes(bytes(in), bands, width, height, newWidth, newHeight, filter))
                    .isEqualTo(bytes(out));
        }
    }

    private static byte[] bytes(Tensor tensor) {
        return tensor.data().toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void leavesAPictureOfTheRightSizeAlone() {
        Image image = Image.of(2, 1, new byte[] {1, 2, 3, 4, 5, 6});

        assertThat(Resize.apply(image, 2, 1, Filter.BICUBIC)).isSameAs(image);
    }

    @Test
    void refusesSizesThatAreNone() {
        assertThatThrownBy(() -> Resize.bytes(new byte[6], 3, 2, 1, 0, 1, Filter.BICUBIC))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Resize.bytes(new byte[5], 3, 2, 1, 1, 1, Filter.BICUBIC))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
