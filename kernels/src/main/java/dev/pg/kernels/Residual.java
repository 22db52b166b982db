package dev.pg.kernels;

import dev.pg.core.Workers;
import dev.pg.kernels.VectorSupport.Species;
import jdk.incubator.vector.FloatVector;

/** The sum that closes a residual connection. */
public final class Residual {
    private Residual() {}

    /** x += delta; both [n × width]. */
    public static void add(Workers team, Matrix x, Matrix delta) {
        if (x.rows() != delta.rows() || x.cols() != delta.cols()) {
            throw new IllegalArgumentException("cannot add [" + delta.rows() + " x " + delta.cols() + "] to ["
                    + x.rows() + " x " + x.cols() + "]");
        }
        if (RowTasks.few(x.rows(), x.cols())) {
            rows(x, delta, 0, x.rows());
        } else {
            RowTasks.run(team, x.rows(), x.cols(), (from, to) -> rows(x, delta, from, to));
        }
    }

    private static void rows(Matrix x, Matrix delta, int from, int to) {
        for (int r = from; r < to; r++) {
            if (WarmUp.vectors()) {
                Simd.add(x.data(), x.at(r), delta.data(), delta.at(r), x.cols());
            } else {
                Scalar.add(x.data(), x.at(r), delta.data(), delta.at(r), x.cols());
            }
        }
    }

    static final class Scalar {
        private Scalar() {}

        static void add(float[] x, int offset, float[] delta, int deltaOffset, int count) {
            for (int i = 0; i < count; i++) {
                x[offset + i] += delta[deltaOffset + i];
            }
        }
    }

    static final class Simd {
        private Simd() {}

        static void add(float[] x, int offset, float[] delta, int deltaOffset, int count) {
            int bound = Species.FLOAT.loopBound(count);
            for (int i = 0; i < bound; i += VectorSupport.LANES) {
                FloatVector.fromArray(Species.FLOAT, x, offset + i)
                        .add(FloatVector.fromArray(Species.FLOAT, delta, deltaOffset + i))
                        .intoArray(x, offset + i);
            }
            Scalar.add(x, offset + bound, delta, deltaOffset + bound, count - bound);
        }
    }
}
