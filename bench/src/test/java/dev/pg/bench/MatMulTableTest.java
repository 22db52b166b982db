package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pg.bench.MatMulTable.Figures;
import dev.pg.core.Workers;
import dev.pg.kernels.Gemm;
import java.util.List;
import org.junit.jupiter.api.Test;

class MatMulTableTest {
    @Test
    void measuresEachNumberOfRows() {
        assumeThat(Gemm.VECTOR.available()).isTrue();
        try (Workers one = new Workers(1);
                Workers team = new Workers(2)) {
            List<Figures> figures = MatMulTable.measure("160x96", List.of(32, 17), one, team, 1);
            assertThat(figures).hasSize(2).allSatisfy(f -> {
                assertThat(f.ofPeak().median()).isPositive();
                assertThat(f.speedUp().median()).isPositive();
                assertThat(f.ofTeamPeak().median()).isPositive();
            });
        }
    }
}
