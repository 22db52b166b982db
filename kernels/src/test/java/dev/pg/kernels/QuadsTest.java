package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuadsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 15, 16, 17, 18, 33, 72, 256})
    void interleavesFourRowsAndSeparatesThemAgain(int count) {
        assumeTrue(VectorSupport.AVAILABLE);
        float[] rows = RandomFloats.normal(count, 4 * count + 9, 1);
        int[] at = {2, 3 + 2 * count, 4 + 3 * count, 3 + count};
        float[] quads = new float[4 * count + 1];
        Quads.interleave(rows, at[0], at[1], at[2], at[3], count, quads, 1);
        for (int c = 0; c < count; c++) {
            for (int r = 0; r < 4; r++) {
                assertThat(quads[1 + 4 * c + r]).isEqualTo(rows[at[r] + c]);
            }
        }
        float[] back = new float[rows.length];
        Quads.separate(quads, 1, count, back, at[0], at[1], at[2], at[3]);
        for (int c = 0; c < count; c++) {
            for (int r = 0; r < 4; r++) {
                assertThat(back[at[r] + c]).isEqualTo(rows[at[r] + c]);
            }
        }
        assertThat(back[0]).isZero();
        assertThat(back[rows.length - 1]).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void copiesStridedQuads(int count) {
        assumeTrue(VectorSupport.AVAILABLE);
        float[] src = RandomFloats.normal(1, 100, 1);
        float[] dst = new float[100];
        Quads.copy(src, 3, 7, dst, 5, 11, count, 2);
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < 4; j++) {
                assertThat(dst[5 + 11 * i + j]).isEqualTo(2 * src[3 + 7 * i + j]);
            }
        }
    }
}
