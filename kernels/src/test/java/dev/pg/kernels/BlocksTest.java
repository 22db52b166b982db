package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Workers;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Packed sequences attend as each does by itself. */
class BlocksTest {
    private static final int HEADS = 3;
    private static final int HEAD_DIM = 18;
    private static final int WIDTH = HEADS * HEAD_DIM;

    private final Random random = new Random(1);

    private Matrix random(int rows) {
        Matrix m = new Matrix(rows, WIDTH);
        for (int i = 0; i < m.data().length; i++) {
            m.data()[i] = (float) random.nextGaussian();
        }
        return m;
    }

    private static Matrix attend(Workers team, Matrix q, Matrix k, Matrix v, Mask mask) {
        Matrix out = new Matrix(q.rows(), WIDTH);
        new Attention(team).apply(q, k, v, HEADS, HEADS, HEAD_DIM, 0.3f, 0, mask, out);
        return out;
    }

    private static void assertClose(Matrix got, Matrix want) {
        for (int r = 0; r < want.rows(); r++) {
            for (int c = 0; c < want.cols(); c++) {
                assertThat(got.get(r, c)).isCloseTo(want.get(r, c), within(1e-5f));
            }
        }
    }

    @Test
    void eachBlockSeesItselfOnly() {
        Blocks blocks = Blocks.of(1, 16, 130, 7, 300, 1);
        Matrix q = random(blocks.positions());
        Matrix k = random(blocks.positions());
        Matrix v = random(blocks.positions());
        try (Workers team = new Workers(2)) {
            Matrix packed = attend(team, q, k, v, blocks.mask());
            for (int b = 0; b < blocks.count(); b++) {
                int from = blocks.start(b);
                int n = blocks.length(b);
                Matrix alone = attend(team, q.rows(from, n), k.rows(from, n), v.rows(from, n), Mask.FULL);
                assertClose(packed.rows(from, n), alone);
            }
        }
    }

    @Test
    void oneQueryForEachBlock() {
        for (int[] lengths : new int[][] {{5}, {1, 1, 1}, {40, 3, 129}}) {
            Blocks blocks = Blocks.of(lengths);
            Matrix q = random(blocks.count());
            Matrix k = random(blocks.positions());
            Matrix v = random(blocks.positions());
            try (Workers team = new Workers(2)) {
                Matrix packed = attend(team, q, k, v, blocks.oneQueryEach());
                for (int b = 0; b < blocks.count(); b++) {
                    int from = blocks.start(b);
                    int n = blocks.length(b);
                    Matrix alone = attend(team, q.rows(b, 1), k.rows(from, n), v.rows(from, n), Mask.FULL);
                    assertClose(packed.rows(b, 1), alone);
                }
            }
        }
    }

    @Test
    void knowsWhereBlocksLie() {
        Blocks blocks = Blocks.of(2, 3);
        assertThat(blocks.count()).isEqualTo(2);
        assertThat(blocks.positions()).isEqualTo(5);
        assertThat(blocks.start(1)).isEqualTo(2);
        assertThat(blocks.length(1)).isEqualTo(3);
        assertThatThrownBy(() -> Blocks.of(2, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(Blocks::of).isInstanceOf(IllegalArgumentException.class);
    }
}
