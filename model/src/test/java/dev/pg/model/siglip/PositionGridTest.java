package dev.pg.model.siglip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Weights;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The antialiased bilinear resize against its definition: triangles, as wide as the coarser grid asks, in double. */
class PositionGridTest {
    private static final int SIDE = 6;
    private static final int HIDDEN = 5;

    @ParameterizedTest
    @CsvSource({"6,6", "1,1", "3,9", "9,3", "1,36", "36,1", "30,1", "5,7", "2,18"})
    void followsTheDefinition(int down, int across) {
        Matrix table = new Matrix(SIDE * SIDE, HIDDEN);
        Random random = new Random(3);
        for (int i = 0; i < table.data().length; i++) {
            table.data()[i] = (float) random.nextGaussian();
        }
        Matrix got = new Matrix(down * across, HIDDEN);
        Weights weights = Weights.of(Tensor.ofFloats("", table.toArray(), SIDE * SIDE, HIDDEN));
        try (Workers alone = new Workers(1)) {
            new PositionGrid(weights, SIDE, true).addTo(alone, got, new Grid(down, across));
        }
        for (int r = 0; r < got.rows(); r++) {
            for (int c = 0; c < HIDDEN; c++) {
                double sum = 0;
                double total = 0;
                for (int y = 0; y < SIDE; y++) {
                    for (int x = 0; x < SIDE; x++) {
                        double weight = triangle(y, r / across, down) * triangle(x, r % across, across);
                        sum += weight * table.get(y * SIDE + x, c);
                        total += weight;
                    }
                }
                assertThat((double) got.get(r, c)).isCloseTo(sum / total, within(1e-6));
            }
        }
    }

    /** How much sample {@code from} of the table counts for sample {@code to} of {@code size}. */
    private static double triangle(int from, int to, int size) {
        double scale = (double) SIDE / size;
        double distance = Math.abs(from + 0.5 - (to + 0.5) * scale) / Math.max(1, scale);
        return Math.max(0, 1 - distance);
    }
}
