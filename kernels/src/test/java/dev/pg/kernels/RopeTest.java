package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Workers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RopeTest {
    private static final Workers TEAM = new Workers(2);
    private static final float THETA = 10_000;

    @AfterAll
    static void stop() {
        TEAM.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 6, 18, 20, 24, 32, 48, 72, 256})
    void turnsPairsByTheAngleOfTheirPosition(int headDim) {
        Matrix x = RandomFloats.matrix(headDim, 5, 3 * headDim);
        float[] before = x.toArray();
        new Rope(headDim, THETA).apply(TEAM, x, 3, 7);
        int half = headDim / 2;
        for (int r = 0; r < 5; r++) {
            for (int i = 0; i < 3 * headDim; i++) {
                int head = i / headDim * headDim;
                int pair = (i - head) % half;
                double angle = (7 + r) * Math.pow(THETA, -2.0 * pair / headDim);
                double a = before[r * 3 * headDim + head + pair];
                double b = before[r * 3 * headDim + head + half + pair];
                double truth = i - head < half
                        ? a * Math.cos(angle) - b * Math.sin(angle)
                        : b * Math.cos(angle) + a * Math.sin(angle);
                assertThat((double) x.get(r, i)).isEqualTo(truth, within(1e-5));
            }
        }
    }

    @Test
    void keepsTheLengthOfEveryPair() {
        Matrix x = RandomFloats.matrix(1, 300, 64);
        float[] before = x.toArray();
        new Rope(64, THETA).apply(TEAM, x, 1, 1000);
        for (int r = 0; r < 300; r++) {
            for (int i = 0; i < 32; i++) {
                double length = Math.hypot(before[r * 64 + i], before[r * 64 + 32 + i]);
                assertThat(Math.hypot(x.get(r, i), x.get(r, 32 + i))).isEqualTo(length, within(1e-6 * length));
            }
        }
    }

    /** What attention sees, q·k, depends on the distance of the positions only. */
    @Test
    void dotProductsDependOnTheDistanceOnly() {
        Rope rope = new Rope(64, THETA);
        double near = dotAt(rope, 3, 10);
        assertThat(dotAt(rope, 103, 110)).isEqualTo(near, within(1e-4));
        assertThat(dotAt(rope, 503, 510)).isEqualTo(near, within(1e-3));
        assertThat(Math.abs(dotAt(rope, 3, 20) - near)).isGreaterThan(0.1);
    }

    private static double dotAt(Rope rope, int queryPosition, int keyPosition) {
        Matrix q = RandomFloats.matrix(1, 1, 64);
        Matrix k = RandomFloats.matrix(2, 1, 64);
        rope.apply(TEAM, q, 1, queryPosition);
        rope.apply(TEAM, k, 1, keyPosition);
        double dot = 0;
        for (int i = 0; i < 64; i++) {
            dot += (double) q.get(0, i) * k.get(0, i);
        }
        return dot;
    }

    @Test
    void rowsAndTablesGrownStepByStepGiveTheSameBitsAsAllAtOnce() {
        Matrix all = RandomFloats.matrix(3, 700, 96);
        Matrix one = RandomFloats.matrix(3, 700, 96);
        new Rope(48, THETA).apply(TEAM, all, 2, 5);
        Rope rope = new Rope(48, THETA);
        for (int r = 0; r < 700; r++) {
            rope.apply(TEAM, one.rows(r, 1), 2, 5 + r);
        }
        assertThat(one.toArray()).isEqualTo(all.toArray());
    }

    @Test
    void touchesItsColumnWindowOnly() {
        Matrix x = RandomFloats.matrix(3, 4, 60);
        float[] before = x.toArray();
        new Rope(20, THETA).apply(TEAM, x.columns(20, 20), 1, 3);
        for (int r = 0; r < 4; r++) {
            for (int c = 0; c < 60; c++) {
                boolean inside = c >= 20 && c < 40;
                assertThat(x.get(r, c) != before[r * 60 + c]).isEqualTo(inside);
            }
        }
    }
}
