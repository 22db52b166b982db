package dev.pg.model.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MaskDecoderTest {
    private static final Path TESTDATA = Path.of(System.getProperty("pg.testdata"));
    private static final Path GOLDEN = TESTDATA.resolve("golden-pg/mask-decoder");

    @TempDir
    private Path temp;

    @Test
    void decodesWhatPyTorchDecodes() {
        MaskDecoder decoder = MaskDecoder.open(GOLDEN.resolve("narrow.npz"));
        try (Arena arena = Arena.ofConfined()) {
            Map<String, Tensor> golden = Safetensors.open(GOLDEN.resolve("expected.safetensors"), arena)
                    .tensors();
            long[] codes = golden.get("narrow.codes").toLongs(); // [3 × 16]
            float[] masks = golden.get("narrow.masks").toFloats(); // [3 × 64 × 64], at most 10
            for (int m = 0; m < 3; m++) {
                int first = 16 * m;
                float[] mask = decoder.decode(IntStream.range(0, 16)
                        .mapToObj(i -> (int) codes[first + i])
                        .toList());
                for (int i = 0; i < mask.length; i++) {
                    assertThat(mask[i]).isCloseTo(masks[m * mask.length + i], within(2e-5f));
                }
            }
        }
    }

    @Test
    void readsTheSameFromBothFileFormats() {
        List<Integer> codes = IntStream.range(0, 16).map(i -> 8 * i).boxed().toList();

        float[] fromNpz =
                MaskDecoder.open(TESTDATA.resolve("demo-model/vae-demo.npz")).decode(codes);
        float[] fromSafetensors = MaskDecoder.open(TESTDATA.resolve("demo-model/vae-demo.safetensors"))
                .decode(codes);

        assertThat(fromNpz).containsExactly(fromSafetensors);
    }

    @Test
    void refusesCodesThatItDoesNotHave() {
        MaskDecoder decoder = MaskDecoder.open(GOLDEN.resolve("narrow.npz"));

        assertThatThrownBy(() -> decoder.decode(Collections.nCopies(15, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a mask has 16 codes, not 15");
        assertThatThrownBy(() -> decoder.decode(Collections.nCopies(16, 128)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("code 128 is not in the codebook of 128");
    }

    @Test
    void namesTheTensorThatIsMissing() {
        Path file = rewritten("decoder.6.bias", null);

        assertThatThrownBy(() -> MaskDecoder.open(file))
                .isInstanceOf(PgException.class)
                .hasMessage(
                        file
                                + ": there is no tensor \"decoder.6.bias\"; expected the mask decoder of PaliGemma (vae-oid.npz)");
    }

    @Test
    void namesTheTensorThatDoesNotFit() {
        Map<String, long[]> wrong = new HashMap<>();
        wrong.put("decoder.4.weight", new long[] {63, 64, 4, 4});
        wrong.put("decoder.8.weight", new long[] {32, 16, 3, 3});
        wrong.put("decoder.2.net.2.weight", new long[] {32, 64, 3, 3});
        wrong.put("decoder.10.bias", new long[] {9});
        wrong.put("decoder.12.weight", new long[] {2, 8, 1, 1});
        wrong.put("_vq_vae._embedding", new long[] {0, 512});
        wrong.put("decoder.0.weight", new long[] {64, 512});
        wrong.forEach((name, shape) -> {
            Path file = rewritten(name, shape);
            assertThatThrownBy(() -> MaskDecoder.open(file))
                    .isInstanceOf(PgException.class)
                    .hasMessageStartingWith(file + ": tensor ")
                    .hasMessageContaining(name.replaceAll("weight|bias", ""));
        });
    }

    @Test
    void refusesAFileThatIsNeitherFormat() {
        Path file = TESTDATA.resolve("demo-model/README.md");

        assertThatThrownBy(() -> MaskDecoder.open(file)).isInstanceOf(PgException.class);
        assertThatThrownBy(() -> MaskDecoder.open(temp.resolve("none.npz"))).isInstanceOf(PgException.class);
    }

    /** The demo decoder with one tensor left out, or given zeros of another shape. */
    private Path rewritten(String name, long[] shape) {
        Path file = temp.resolve(name + ".safetensors");
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> tensors =
                    new ArrayList<>(Safetensors.open(TESTDATA.resolve("demo-model/vae-demo.safetensors"), arena)
                            .tensors()
                            .values());
            assertThat(tensors.removeIf(t -> t.name().equals(name))).isTrue();
            if (shape != null) {
                int elements = (int) LongStream.of(shape).reduce(1, (a, b) -> a * b);
                tensors.add(Tensor.ofFloats(name, new float[elements], shape));
            }
            Safetensors.write(file, tensors, Map.of());
        }
        return file;
    }
}
