package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pg.core.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernels run on whatever bytes they are given, and leave them alone; whether they are the right ones is seen in a cold start. */
class ColdKernelsTest {
    @BeforeEach
    void needsVectors() {
        assumeThat(VectorSupport.AVAILABLE).isTrue();
    }

    /** None, too few for any kernel, for some, and for all. */
    @ParameterizedTest
    @ValueSource(ints = {0, 100, 4_000, 1 << 20})
    void anyBytesAreRead(int bytes) {
        runAll(readOnly(bytes), ColdKernels::encoder, ColdKernels::decoder, ColdKernels::rows);
    }

    @ParameterizedTest
    @EnumSource
    void anyBytesAreReadAsQuantized(Quantization format) {
        runAll(readOnly(1 << 20), all -> all.quantized(format));
    }

    @Test
    void panelsAreMadeOfOtherBytes() {
        runAll(readOnly(1 << 20), ColdKernels::panels);
    }

    @Test
    void closedBytesAreNotRead() {
        Arena model = Arena.ofShared();
        MemorySegment weights = model.allocate(1 << 20);
        model.close();
        runAll(weights, ColdKernels::encoder, ColdKernels::decoder, ColdKernels::rows);
    }

    private static MemorySegment readOnly(int bytes) {
        MemorySegment data = Arena.ofAuto().allocate(bytes);
        Random random = new Random(bytes);
        for (int i = 0; i < bytes; i++) {
            data.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        return data.asReadOnly();
    }

    @SafeVarargs
    private static void runAll(MemorySegment weights, Function<ColdKernels, List<Runnable>>... choices) {
        try (Workers alone = new Workers(1)) {
            ColdKernels all = new ColdKernels(alone, weights);
            for (Function<ColdKernels, List<Runnable>> choice : choices) {
                for (Runnable kernel : choice.apply(all)) {
                    assertThatCode(kernel::run).doesNotThrowAnyException();
                }
            }
        }
    }
}
