package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pg.core.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
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

    @AfterEach
    void forgetFormat() {
        QuantizedWeights.used = null;
    }

    /** None, too few for any kernel, for some, and for all. */
    @ParameterizedTest
    @ValueSource(ints = {0, 100, 4_000, 1 << 20})
    void anyBytesAreRead(int bytes) {
        runAll(readOnly(bytes));
    }

    @ParameterizedTest
    @EnumSource
    void anyBytesAreReadAsQuantized(Quantization format) {
        QuantizedWeights.used = format;
        runAll(readOnly(1 << 20));
    }

    @Test
    void panelsAreMadeOfOtherBytes() {
        boolean before = Bf16Panels.used;
        Bf16Panels.used = true;
        try {
            runAll(readOnly(1 << 20));
        } finally {
            Bf16Panels.used = before;
        }
    }

    private static MemorySegment readOnly(int bytes) {
        MemorySegment data = Arena.ofAuto().allocate(bytes);
        Random random = new Random(bytes);
        for (int i = 0; i < bytes; i++) {
            data.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        return data.asReadOnly();
    }

    private static void runAll(MemorySegment weights) {
        try (Workers alone = new Workers(1)) {
            ColdKernels kernels = new ColdKernels(alone, weights);
            List<Runnable> all = new ArrayList<>(kernels.encoder());
            all.addAll(kernels.decoder());
            for (Runnable kernel : all) {
                assertThatCode(kernel::run).doesNotThrowAnyException();
            }
        }
    }
}
