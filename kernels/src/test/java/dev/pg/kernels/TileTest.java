package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pg.core.DType;
import dev.pg.core.Workers;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TileTest {
    @BeforeEach
    void needsVectors() {
        assumeThat(VectorSupport.AVAILABLE).isTrue();
    }

    /** All tiles of all processors, at this vector width: a sum is one chain in the order of k, so even the bits agree. */
    @Test
    void everyTileGivesTheSameBits() {
        RandomTensors random = new RandomTensors(5);
        Linear w = Linear.of(Weights.of(random.tensor(DType.F32, 101, 700)), random.floats(101));
        List<Tile> tiles =
                List.of(new Tiles16(), new Tiles32(), new WarmingTile(new Tiles16()), new WarmingTile(new Tiles32()));
        for (int tokens : new int[] {17, 32, 47, 48, 49, 64, 65, 96, 100, 113}) {
            Matrix x = random.window(tokens, 700);
            float[] first = null;
            for (Tile tile : tiles) {
                Matrix y = new Matrix(tokens, 101);
                try (Workers workers = new Workers(2)) {
                    new PackedGemm(workers, tile).multiply(x, w, y);
                }
                if (first == null) {
                    first = y.toArray();
                }
                assertThat(y.toArray()).as("%d tokens", tokens).isEqualTo(first);
            }
        }
    }

    @Test
    void panelsCoverAllVectorsWithTilesThatExist() {
        for (Tile tile : List.of(new Tiles16(), new Tiles32())) {
            for (int vectors = 2; vectors < 100; vectors++) {
                int panels = tile.panels(vectors);
                assertThat(PackedGemm.ROWS / 2 % tile.rows(vectors / panels)).isZero();
                assertThat(PackedGemm.ROWS / 2 % tile.rows(Math.ceilDiv(vectors, panels)))
                        .isZero();
            }
        }
    }

    /** C2 inlines a hot method of up to 325 bytecodes (FreqInlineSize) into the block loops, unrolls it there and spills. */
    @ParameterizedTest
    @ValueSource(
            classes = {
                Tiles16.class,
                Tiles32.class,
                FloatDots.class,
                F32Dots.class,
                Bf16Dots.class,
                Q8Dots.class,
                Q8Floats.class,
                Q4Dots.class
            })
    void kernelsAreTooLargeToBeInlined(Class<?> tiles) throws IOException {
        try (InputStream in = tiles.getResourceAsStream(tiles.getSimpleName() + ".class")) {
            ClassModel model = ClassFile.of().parse(in.readAllBytes());
            List<MethodModel> kernels = model.methods().stream()
                    .filter(m -> m.methodName().stringValue().matches("(tile|dots)\\d+x\\d|straight"))
                    .toList();
            assertThat(kernels).isNotEmpty();
            for (MethodModel kernel : kernels) {
                CodeAttribute code = (CodeAttribute) kernel.code().orElseThrow();
                assertThat(code.codeLength())
                        .as(kernel.methodName().stringValue())
                        .isBetween(326, 7999);
            }
        }
    }
}
