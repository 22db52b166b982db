package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResidualTest {
    /** Into a column window: what stands beside it must stay. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 134, 2304})
    void addsEveryElementOnce(int cols) {
        Matrix wide = RandomFloats.matrix(cols, 9, cols + 5);
        float[] before = wide.toArray();
        Matrix delta = RandomFloats.matrix(-cols, 9, cols);
        try (Workers team = new Workers(2)) {
            Residual.add(team, wide.columns(2, cols), delta);
        }
        for (int r = 0; r < 9; r++) {
            for (int c = 0; c < cols + 5; c++) {
                boolean inside = c >= 2 && c < cols + 2;
                float expected = before[r * (cols + 5) + c] + (inside ? delta.get(r, c - 2) : 0);
                assertThat(wide.get(r, c)).as("row %d, column %d", r, c).isEqualTo(expected);
            }
        }
    }

    @Test
    void refusesShapesThatDoNotFit() {
        try (Workers team = new Workers(1)) {
            assertThatThrownBy(() -> Residual.add(team, new Matrix(2, 3), new Matrix(2, 4)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("[2 x 4]");
        }
    }
}
