package dev.pg.kernels;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;

/** Gated linear unit with GELU (Shazeer, arXiv 2002.05202): gelu(gate) · up, with the tanh form of {@link Gelu}. */
public final class GeGlu {
    private GeGlu() {}

    /**
     * Computes {@code y} = gelu(gate) · up.
     *
     * @param gateUp [n × 2F]: F gate columns, then F up columns
     * @param y [n × F], may be the gate columns
     */
    public static void apply(Workers team, Matrix gateUp, Matrix y) {
        if (gateUp.rows() != y.rows() || gateUp.cols() != 2 * y.cols()) {
            throw new IllegalArgumentException("gate and up are [" + gateUp.rows() + " x " + gateUp.cols()
                    + "], which does not fit a result [" + y.rows() + " x " + y.cols() + "]");
        }
        if (RowTasks.few(y.rows(), y.cols())) {
            rows(gateUp, y, 0, y.rows());
        } else {
            RowTasks.run(team, y.rows(), y.cols(), (from, to) -> rows(gateUp, y, from, to));
        }
    }

    private static void rows(Matrix gateUp, Matrix y, int from, int to) {
        for (int r = from; r < to; r++) {
            int gate = gateUp.at(r);
            int up = gate + y.cols();
            if (WarmUp.vectors()) {
                Simd.apply(gateUp.data(), gate, up, y.data(), y.at(r), y.cols());
            } else {
                Scalar.apply(gateUp.data(), gate, up, y.data(), y.at(r), y.cols());
            }
        }
    }

    static final class Scalar {
        private Scalar() {}

        static void apply(float[] gateUp, int gate, int up, float[] y, int yOffset, int count) {
            for (int i = 0; i < count; i++) {
                y[yOffset + i] = Gelu.Scalar.gelu(gateUp[gate + i]) * gateUp[up + i];
            }
        }
    }

    static final class Simd {
        private Simd() {}

        static void apply(float[] gateUp, int gate, int up, float[] y, int yOffset, int count) {
            Gelu.Simd.apply(gateUp, gate, y, yOffset, count);
            multiply(y, yOffset, gateUp, up, count);
        }

        private static void multiply(float[] y, int yOffset, float[] x, int offset, int count) {
            int bound = Species.FLOAT.loopBound(count);
            for (int i = 0; i < bound; i += VectorSupport.LANES) {
                FloatVector.fromArray(Species.FLOAT, y, yOffset + i)
                        .mul(FloatVector.fromArray(Species.FLOAT, x, offset + i))
                        .intoArray(y, yOffset + i);
            }
            for (int i = bound; i < count; i++) {
                y[yOffset + i] *= x[offset + i];
            }
        }
    }
}
