package dev.pg.model.adapter;

import java.util.Arrays;
import java.util.Comparator;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/**
 * The singular value decomposition U·S·Vᵀ of a product B·A of two thin matrices, in double precision, without ever forming the
 * product: QR of both factors, then one-sided Jacobi rotations (Hestenes 1958) of the small core between them.
 *
 * <p>All matrices are arrays of columns, so B [m × r] and Aᵀ [n × r] are r columns each. Immutable and thread-safe.
 *
 * @param u columns of unit length [r][m]; zero where the singular value is
 * @param s singular values, largest first [r]
 * @param v columns of unit length [r][n]
 */
@SuppressWarnings("ArrayRecordComponent") // results to read, not values to compare
record Svd(double[][] u, double[] s, double[][] v) {
    /** Columns whose cosine is below this count as orthogonal. */
    private static final double ORTHOGONAL = 1e-15;

    /** A column that keeps less than this of its length is a sum of those before it. */
    private static final double DEPENDENT = 1e-14;

    private static final int MOST_SWEEPS = 60;

    /** Of all of B·A. */
    static Svd exact(double[][] b, double[][] at) {
        Qr left = Qr.of(b);
        Qr right = Qr.of(at);
        int r = b.length;
        double[][] core = new double[r][r]; // Rb·Raᵀ
        for (int i = 0; i < r; i++) {
            for (int j = 0; j < r; j++) {
                double sum = 0;
                for (int k = Math.max(i, j); k < r; k++) {
                    sum += left.r[k][i] * right.r[k][j];
                }
                core[j][i] = sum;
            }
        }
        Svd small = jacobi(core);
        return new Svd(product(left.q, small.u), small.s, product(right.q, small.v));
    }

    /**
     * Of the best part of B·A that a random sample of its range shows (Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.1; LoRA-Squeeze,
     * arXiv 2602.10993).
     *
     * @param rank singular values wanted
     * @param oversample columns of the sample beyond that
     * @param power iterations that turn the sample towards the large singular values
     * @param seed of the sample
     * @return at most {@code rank + oversample} singular values
     */
    static Svd randomised(double[][] b, double[][] at, int rank, int oversample, int power, long seed) {
        int samples = rank + oversample;
        if (samples >= b.length) {
            return exact(b, at); // the sample would span the whole range
        }
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        double[][] omega = new double[samples][at[0].length];
        for (double[] column : omega) {
            Arrays.setAll(column, i -> random.nextGaussian());
        }
        double[][] y = product(b, transposedProduct(at, omega));
        for (int i = 0; i < power; i++) {
            double[][] z = product(at, transposedProduct(b, Qr.of(y).q));
            y = product(b, transposedProduct(at, Qr.of(z).q));
        }
        double[][] q = Qr.of(y).q;
        return exact(q, product(at, transposedProduct(b, q))); // Q·(Qᵀ·B·A)
    }

    /** The sum of the squares of all elements of B·A: the trace of (BᵀB)·(AAᵀ). */
    static double energy(double[][] b, double[][] at) {
        double sum = 0;
        for (int i = 0; i < b.length; i++) {
            for (int j = 0; j < b.length; j++) {
                sum += dot(b[i], b[j]) * dot(at[i], at[j]);
            }
        }
        return sum;
    }

    /** X = Q·R by Gram-Schmidt, done twice, which is enough for columns orthogonal to the last bits. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Qr(double[][] q, double[][] r) {
        static Qr of(double[][] x) {
            int n = x.length;
            double[][] q = new double[n][];
            double[][] r = new double[n][n]; // by columns
            for (int j = 0; j < n; j++) {
                q[j] = x[j].clone();
                double length = Math.sqrt(dot(q[j], q[j]));
                for (int pass = 0; pass < 2; pass++) {
                    for (int i = 0; i < j; i++) {
                        double part = dot(q[i], q[j]);
                        r[j][i] += part;
                        add(q[j], -part, q[i]);
                    }
                }
                double rest = Math.sqrt(dot(q[j], q[j]));
                boolean dependent = rest <= DEPENDENT * length;
                r[j][j] = dependent ? 0 : rest;
                scale(q[j], dependent ? 0 : 1 / rest);
            }
            return new Qr(q, r);
        }
    }

    /** Rotates pairs of columns of a square matrix until all are orthogonal; their lengths are then the singular values. */
    private static Svd jacobi(double[][] core) {
        int n = core.length;
        double[][] u = core;
        double[][] v = new double[n][n];
        for (int i = 0; i < n; i++) {
            v[i][i] = 1;
        }
        boolean rotated = true;
        for (int sweep = 0; sweep < MOST_SWEEPS && rotated; sweep++) {
            rotated = false;
            for (int i = 0; i < n; i++) {
                for (int j = i + 1; j < n; j++) {
                    double a = dot(u[i], u[i]);
                    double b = dot(u[j], u[j]);
                    double c = dot(u[i], u[j]);
                    if (Math.abs(c) > ORTHOGONAL * Math.sqrt(a) * Math.sqrt(b)) {
                        rotated = true;
                        double zeta = (b - a) / (2 * c);
                        double t = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.hypot(1, zeta));
                        double cos = 1 / Math.hypot(1, t);
                        rotate(u[i], u[j], cos, cos * t);
                        rotate(v[i], v[j], cos, cos * t);
                    }
                }
            }
        }
        double[] lengths = Arrays.stream(u)
                .mapToDouble(column -> Math.sqrt(dot(column, column)))
                .toArray();
        int[] order = IntStream.range(0, n)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -lengths[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        double[][] sortedU = new double[n][];
        double[][] sortedV = new double[n][];
        double[] s = new double[n];
        for (int i = 0; i < n; i++) {
            s[i] = lengths[order[i]];
            sortedU[i] = u[order[i]];
            scale(sortedU[i], s[i] > 0 ? 1 / s[i] : 0);
            sortedV[i] = v[order[i]];
        }
        return new Svd(sortedU, s, sortedV);
    }

    private static void rotate(double[] x, double[] y, double cos, double sin) {
        for (int i = 0; i < x.length; i++) {
            double old = x[i];
            x[i] = cos * old - sin * y[i];
            y[i] = sin * old + cos * y[i];
        }
    }

    /** X·Y. */
    private static double[][] product(double[][] x, double[][] y) {
        double[][] out = new double[y.length][x[0].length];
        for (int j = 0; j < y.length; j++) {
            for (int k = 0; k < x.length; k++) {
                add(out[j], y[j][k], x[k]);
            }
        }
        return out;
    }

    /** Xᵀ·Y. */
    private static double[][] transposedProduct(double[][] x, double[][] y) {
        double[][] out = new double[y.length][x.length];
        for (int j = 0; j < y.length; j++) {
            for (int k = 0; k < x.length; k++) {
                out[j][k] = dot(x[k], y[j]);
            }
        }
        return out;
    }

    /** Four sums at once: one alone waits for each of its additions. */
    private static double dot(double[] x, double[] y) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i + 4 <= x.length; i += 4) {
            s0 += x[i] * y[i];
            s1 += x[i + 1] * y[i + 1];
            s2 += x[i + 2] * y[i + 2];
            s3 += x[i + 3] * y[i + 3];
        }
        for (; i < x.length; i++) {
            s0 += x[i] * y[i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    private static void add(double[] x, double factor, double[] y) {
        for (int i = 0; i < x.length; i++) {
            x[i] += factor * y[i];
        }
    }

    private static void scale(double[] x, double factor) {
        for (int i = 0; i < x.length; i++) {
            x[i] *= factor;
        }
    }
}
