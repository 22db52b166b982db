package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.kernels.Matrix;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clusters of vectors and their means. */
class TokenPoolingTest {
    private static Matrix unit(int rows, int cols) {
        Random random = new Random(rows);
        Matrix m = new Matrix(rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                m.data()[m.at(r) + c] = (float) random.nextGaussian();
            }
        }
        Embedder.normalize(m);
        return m;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 7, 50, 1000})
    void keepsSoManyVectorsOfLengthOne(int factor) {
        Matrix pooled = TokenPooling.pool(unit(101, 8), factor);
        assertThat(pooled.rows()).isEqualTo(Math.max(101 / factor, 1));
        for (int r = 0; r < pooled.rows(); r++) {
            double squares = 0;
            for (int c = 0; c < 8; c++) {
                squares += pooled.get(r, c) * pooled.get(r, c);
            }
            assertThat(squares).isBetween(1 - 1e-5, 1 + 1e-5);
        }
    }

    /** Ten directions, each three times with a little noise, in mixed order, are found again. */
    @Test
    void joinsWhatIsAlike() {
        Matrix centres = unit(10, 16);
        Matrix vectors = new Matrix(30, 16);
        Random random = new Random(1);
        for (int r = 0; r < 30; r++) {
            for (int c = 0; c < 16; c++) {
                vectors.data()[vectors.at(r) + c] = centres.get(r % 10, c) + 0.01f * (float) random.nextGaussian();
            }
        }
        Embedder.normalize(vectors);
        Matrix pooled = TokenPooling.pool(vectors, 3);
        for (int r = 0; r < 10; r++) {
            double dot = 0;
            for (int c = 0; c < 16; c++) {
                dot += pooled.get(r, c) * centres.get(r, c);
            }
            assertThat(dot).isGreaterThan(0.999);
        }
    }

    @Test
    void aFactorOfOneChangesNothing() {
        Matrix vectors = unit(5, 4);
        assertThat(TokenPooling.pool(vectors, 1)).isSameAs(vectors);
        assertThatThrownBy(() -> TokenPooling.pool(vectors, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
