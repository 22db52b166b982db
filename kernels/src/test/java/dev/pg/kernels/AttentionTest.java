package dev.pg.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Workers;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention of many queries and of one, against the formula in double. */
class AttentionTest {
    record Shape(int queries, int keys, int heads, int kvHeads, int headDim, float softCap, Mask mask) {}

    static List<Shape> shapes() {
        Mask prefix = new Mask.PrefixLm(40, Integer.MAX_VALUE, 0);
        Mask window = new Mask.PrefixLm(9, 50, 0);
        Mask padded = new Mask.PrefixLm(130, Integer.MAX_VALUE, 7);
        return List.of(
                new Shape(1, 1, 1, 1, 1, 0, Mask.CAUSAL),
                new Shape(2, 2, 1, 1, 1, 0, Mask.CAUSAL),
                new Shape(1, 64, 8, 1, 256, 0, Mask.CAUSAL),
                new Shape(1, 65, 8, 4, 256, 50, Mask.CAUSAL),
                new Shape(1, 300, 16, 16, 72, 0, Mask.FULL),
                new Shape(1, 777, 4, 2, 35, 5, window),
                new Shape(1, 131, 4, 4, 18, 0, padded),
                new Shape(5, 131, 4, 2, 20, 0, padded),
                new Shape(7, 7, 4, 4, 18, 0, Mask.FULL),
                new Shape(33, 129, 3, 1, 24, 5, Mask.CAUSAL),
                new Shape(70, 70, 4, 1, 48, 0, Mask.FULL),
                new Shape(256, 256, 2, 2, 72, 0, Mask.FULL),
                new Shape(260, 260, 4, 2, 256, 50, prefix),
                new Shape(300, 300, 2, 1, 64, 0, window),
                new Shape(100, 400, 2, 1, 7, 0, window),
                new Shape(150, 150, 2, 2, 128, 0, padded),
                new Shape(37, 133, 2, 1, 515, 0, Mask.CAUSAL));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void isCloseToTheFormulaInDouble(Shape s) {
        try (Workers team = new Workers(2)) {
            // Columns of one matrix, as a fused projection has them.
            int width = s.headDim * (s.heads + 2 * s.kvHeads);
            Matrix qkv = RandomFloats.matrix(s.hashCode(), s.keys, width);
            Matrix q = qkv.columns(0, s.heads * s.headDim).rows(s.keys - s.queries, s.queries);
            Matrix k = qkv.columns(s.heads * s.headDim, s.kvHeads * s.headDim);
            Matrix v = qkv.columns((s.heads + s.kvHeads) * s.headDim, s.kvHeads * s.headDim);
            Matrix out = new Matrix(s.queries, s.heads * s.headDim);
            float scale = (float) Math.pow(s.headDim, -0.5);
            new Attention(team).apply(q, k, v, s.heads, s.kvHeads, s.headDim, scale, s.softCap, s.mask, out);
            double[] truth = oracle(q, k, v, s, scale);
            for (int i = 0; i < truth.length; i++) {
                assertThat((double) out.get(i / out.cols(), i % out.cols()))
                        .as("row %d, column %d", i / out.cols(), i % out.cols())
                        .isEqualTo(truth[i], within(2e-6));
            }
        }
    }

    private static double[] oracle(Matrix q, Matrix k, Matrix v, Shape s, double scale) {
        double[] out = new double[s.queries * s.heads * s.headDim];
        for (int row = 0; row < s.queries; row++) {
            int position = s.keys - s.queries + row;
            for (int head = 0; head < s.heads; head++) {
                int kv = head / (s.heads / s.kvHeads) * s.headDim;
                double total = 0;
                double[] sum = new double[s.headDim];
                for (int j = Math.max(0, s.mask.first(position)); j < Math.min(s.keys, s.mask.end(position)); j++) {
                    double score = 0;
                    for (int d = 0; d < s.headDim; d++) {
                        score += (double) q.get(row, head * s.headDim + d) * k.get(j, kv + d);
                    }
                    score *= scale;
                    double weight = Math.exp(s.softCap > 0 ? s.softCap * Math.tanh(score / s.softCap) : score);
                    total += weight;
                    for (int d = 0; d < s.headDim; d++) {
                        sum[d] += weight * v.get(j, kv + d);
                    }
                }
                for (int d = 0; d < s.headDim; d++) {
                    out[(row * s.heads + head) * s.headDim + d] = total == 0 ? 0 : sum[d] / total;
                }
            }
        }
        return out;
    }

    /** Sequences of different lengths and masks, of which some are cut into chunks and some see nothing; odd groups of heads. */
    @ParameterizedTest
    @CsvSource({"1, 1", "1, 3", "1, 40", "6, 3"})
    void sequencesSideBySideHaveTheBitsTheyHaveAlone(int queries, int threads) {
        int heads = 6;
        int kvHeads = 2;
        int headDim = 70;
        int[] lengths = {300, 64, 777, 6, 131};
        Mask[] masks = {Mask.CAUSAL, Mask.FULL, new Mask.PrefixLm(9, 201, 0), new Mask.PrefixLm(0, 100, 50), Mask.FULL};
        Matrix[] q = new Matrix[lengths.length];
        Matrix[] k = new Matrix[lengths.length];
        Matrix[] v = new Matrix[lengths.length];
        Matrix[] alone = new Matrix[lengths.length];
        Matrix[] together = new Matrix[lengths.length];
        try (Workers one = new Workers(1);
                Workers team = new Workers(threads)) {
            for (int i = 0; i < lengths.length; i++) {
                q[i] = RandomFloats.matrix(i, queries, heads * headDim);
                k[i] = RandomFloats.matrix(100 + i, lengths[i], kvHeads * headDim);
                v[i] = RandomFloats.matrix(200 + i, lengths[i], kvHeads * headDim);
                alone[i] = new Matrix(queries, heads * headDim);
                together[i] = new Matrix(queries, heads * headDim);
                new Attention(one).apply(q[i], k[i], v[i], heads, kvHeads, headDim, 0.1f, 30, masks[i], alone[i]);
            }
            new Attention(team).apply(q, k, v, heads, kvHeads, headDim, 0.1f, 30, masks, together);
        }
        for (int i = 0; i < lengths.length; i++) {
            assertThat(together[i].toArray()).as("sequence %d", i).isEqualTo(alone[i].toArray());
        }
    }

    /** Only key and query 3 see each other; the rest are padding and would be NaN if 0 / 0 were computed. */
    @ParameterizedTest
    @MethodSource("teams")
    void queriesThatSeeNoKeyGetZeros(int queries) {
        Mask mask = new Mask() {
            @Override
            public int first(int query) {
                return 3;
            }

            @Override
            public int end(int query) {
                return query == 3 ? 4 : 0;
            }
        };
        try (Workers team = new Workers(1)) {
            Matrix k = RandomFloats.matrix(1, 5, 24);
            Matrix out = RandomFloats.matrix(2, queries, 24);
            new Attention(team).apply(k.rows(5 - queries, queries), k, k, 1, 1, 24, 1, 0, mask, out);
            for (int r = 0; r < queries; r++) {
                int position = 5 - queries + r;
                for (int c = 0; c < 24; c++) {
                    assertThat(out.get(r, c)).isEqualTo(position == 3 ? k.get(3, c) : 0f);
                }
            }
        }
    }

    static List<Integer> teams() {
        return List.of(1, 2, 5);
    }

    /** From tile to tile the scores outgrow the running maximum: at times by more than what it tolerates, at times by less. */
    @Test
    void maximaMayRiseFromTileToTile() {
        Shape s = new Shape(40, 700, 1, 1, 16, 0, Mask.FULL);
        Matrix q = RandomFloats.matrix(1, s.queries, s.headDim);
        Matrix k = RandomFloats.matrix(2, s.keys, s.headDim);
        Matrix v = RandomFloats.matrix(3, s.keys, s.headDim);
        for (int j = 0; j < s.keys; j++) {
            for (int d = 0; d < s.headDim; d++) {
                k.data()[k.at(j) + d] *= 1 + j / 100f;
            }
        }
        Matrix out = new Matrix(s.queries, s.headDim);
        try (Workers team = new Workers(1)) {
            new Attention(team).apply(q, k, v, 1, 1, s.headDim, 0.5f, 0, s.mask, out);
        }
        double[] truth = oracle(q, k, v, s, 0.5f);
        for (int i = 0; i < truth.length; i++) {
            assertThat((double) out.get(i / s.headDim, i % s.headDim)).isEqualTo(truth[i], within(1e-5));
        }
    }

    @Test
    void hugeScoresDoNotOverflow() {
        try (Workers team = new Workers(1)) {
            Attention attention = new Attention(team);
            Matrix k = Matrix.of(3, 1, 1e18f, -1e18f, 1e17f);
            Matrix v = Matrix.of(3, 1, 5, 6, 7);
            Matrix out = new Matrix(3, 1);
            attention.apply(k, k, v, 1, 1, 1, 1, 0, Mask.FULL, out);
            assertThat(out.toArray()).containsExactly(5, 6, 5);
            attention.apply(k.rows(1, 1), k, v, 1, 1, 1, 1, 0, Mask.FULL, out.rows(1, 1));
            assertThat(out.toArray()).containsExactly(5, 6, 5);
        }
    }

    @Test
    void notANumberReachesTheQueriesThatSeeIt() {
        try (Workers team = new Workers(1)) {
            Matrix x = RandomFloats.matrix(1, 200, 24);
            x.data()[x.at(150)] = Float.NaN;
            Matrix out = new Matrix(200, 24);
            Attention attention = new Attention(team);
            attention.apply(x, x, x, 1, 1, 24, 1, 0, Mask.CAUSAL, out);
            for (int r = 150; r < 200; r++) {
                assertThat(out.get(r, 5)).as("row %d", r).isNaN();
            }
            for (int r = 0; r < 128; r++) {
                assertThat(out.get(r, 5)).as("row %d", r).isFinite();
            }
            attention.apply(x.rows(199, 1), x, x, 1, 1, 24, 1, 0, Mask.CAUSAL, out.rows(199, 1));
            assertThat(out.get(199, 5)).isNaN();
        }
    }

    /** A step of decoding is the last row of attention over everything, up to the order of the sums. */
    @Test
    void oneQueryAgreesWithManyQueries() {
        try (Workers team = new Workers(2)) {
            Attention attention = new Attention(team);
            Matrix q = RandomFloats.matrix(1, 200, 8 * 64);
            Matrix k = RandomFloats.matrix(2, 200, 2 * 64);
            Matrix v = RandomFloats.matrix(3, 200, 2 * 64);
            Matrix many = new Matrix(200, 8 * 64);
            Matrix one = new Matrix(1, 8 * 64);
            attention.apply(q, k, v, 8, 2, 64, 0.125f, 50, Mask.CAUSAL, many);
            attention.apply(q.rows(199, 1), k, v, 8, 2, 64, 0.125f, 50, Mask.CAUSAL, one);
            assertThat(one.toArray()).containsExactly(many.rows(199, 1).toArray(), within(1e-6f));
        }
    }

    @Test
    void mayOverwriteItsQueries() {
        try (Workers team = new Workers(2)) {
            Attention attention = new Attention(team);
            Matrix q = RandomFloats.matrix(1, 90, 6 * 20);
            Matrix kv = RandomFloats.matrix(2, 90, 2 * 20);
            Matrix apart = new Matrix(90, 6 * 20);
            attention.apply(q, kv, kv, 6, 2, 20, 0.2f, 0, Mask.FULL, apart);
            attention.apply(q, kv, kv, 6, 2, 20, 0.2f, 0, Mask.FULL, q);
            assertThat(q.toArray()).isEqualTo(apart.toArray());
        }
    }

    /** One instance serves layers of different shapes in turn; what an earlier call left in its memory must not show. */
    @Test
    void anInstanceRemembersNothing() {
        try (Workers team = new Workers(1)) {
            Attention used = new Attention(team);
            for (Shape s : shapes()) {
                Matrix q = RandomFloats.matrix(1, s.queries, s.heads * s.headDim);
                Matrix kv = RandomFloats.matrix(2, s.keys, s.kvHeads * s.headDim);
                Matrix first = new Matrix(s.queries, s.heads * s.headDim);
                Matrix second = new Matrix(s.queries, s.heads * s.headDim);
                used.apply(q, kv, kv, s.heads, s.kvHeads, s.headDim, 0.1f, s.softCap, s.mask, first);
                new Attention(team).apply(q, kv, kv, s.heads, s.kvHeads, s.headDim, 0.1f, s.softCap, s.mask, second);
                assertThat(first.toArray()).isEqualTo(second.toArray());
            }
        }
    }

    @Test
    void refusesShapesThatDoNotFit() {
        try (Workers team = new Workers(1)) {
            Attention attention = new Attention(team);
            Matrix q = new Matrix(3, 24);
            Matrix k = new Matrix(5, 12);
            assertThatThrownBy(() -> attention.apply(q, k, k, 2, 2, 12, 1, 0, Mask.FULL, q))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("keys [5 x 12]");
            assertThatThrownBy(() -> attention.apply(k, q, q, 1, 2, 12, 1, 0, Mask.FULL, k))
                    .hasMessageContaining("1 heads cannot share 2");
            assertThatThrownBy(() -> attention.apply(q, k, k, 3, 1, 12, 1, 0, Mask.FULL, q))
                    .hasMessageContaining("3 heads of 12");
        }
    }
}
