package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pg.core.DType;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ConvertedWeightTest {
    /** More bytes than the writer asks for at once. */
    private static final int ELEMENTS = 600_001;

    @TempDir
    private Path dir;

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16"})
    void theValuesStay(DType dtype) {
        SyntheticWeight bf16 = new SyntheticWeight("w", new long[] {ELEMENTS}, SyntheticWeight.normal(0.02, 5), 9);
        Path file = dir.resolve("x.safetensors");
        Safetensors.write(file, List.of(bf16, new ConvertedWeight(renamed(bf16), dtype)), Map.of());
        try (Arena arena = Arena.ofShared()) {
            Map<String, Tensor> tensors = Safetensors.open(file, arena).tensors();
            assertThat(tensors.get("v").dtype()).isEqualTo(dtype);
            float[] want = tensors.get("w").toFloats();
            if (dtype == DType.F16) {
                for (int i = 0; i < want.length; i++) {
                    want[i] = Float.float16ToFloat(Float.floatToFloat16(want[i]));
                }
            }
            assertThat(tensors.get("v").toFloats()).isEqualTo(want);
        }
    }

    private static SyntheticWeight renamed(SyntheticWeight weight) {
        return new SyntheticWeight("v", weight.shape(), weight.table(), weight.seed());
    }
}
