package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RunsTest {
    @Test
    void runsCoverAllPiecesAndGetShorter() {
        Runs runs = new Runs();
        for (int threads : new int[] {1, 2, 3, 96}) {
            for (int pieces : new int[] {0, 1, 2, 3, 5, 144, 4019, 100_000}) {
                int count = runs.divide(pieces, threads);
                int at = 0;
                int before = Math.max(1, pieces / (2 * threads));
                for (int i = 0; i < count; i++) {
                    assertThat(runs.start(i)).isEqualTo(at);
                    at = runs.end(i);
                    assertThat(at - runs.start(i)).isBetween(1, before);
                    before = at - runs.start(i);
                }
                assertThat(at).as("%d pieces, %d threads", pieces, threads).isEqualTo(pieces);
                assertThat(before).as("the last run").isEqualTo(1);
            }
        }
    }
}
