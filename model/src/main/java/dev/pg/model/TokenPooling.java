package dev.pg.model;

import dev.pg.kernels.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Makes the vectors of a page fewer: similar ones become their mean. Clusters are those of Ward's method on the vectors, cut where
 * the wanted number of them is left, after Clavié, Chaffin and Adams 2024 (arXiv 2409.14683), who keep nearly all of the quality with a
 * third of the vectors.
 */
public final class TokenPooling {
    /** Clusters {@code a} and {@code b}, named by one of their members, that become one at {@code height}. */
    private record Merge(int a, int b, double height) {}

    private TokenPooling() {}

    /**
     * Pools vectors.
     *
     * @param vectors [n × dim], of length 1
     * @param factor how many times fewer, 1 or more
     * @return [max(n / factor, 1) × dim], of length 1, in the order in which the clusters begin; for 1 the vectors themselves
     * @throws IllegalArgumentException if the factor is below 1
     */
    public static Matrix pool(Matrix vectors, int factor) {
        if (factor < 1) {
            throw new IllegalArgumentException("the pooling factor must be 1 or more, not " + factor);
        }
        if (factor == 1) {
            return vectors;
        }
        int n = vectors.rows();
        int wanted = Math.max(n / factor, 1);
        int[] cluster = new int[n];
        Arrays.setAll(cluster, i -> i);
        List<Merge> merges = merges(vectors);
        merges.sort(Comparator.comparingDouble(Merge::height));
        for (Merge merge : merges.subList(0, Math.max(n - wanted, 0))) {
            int a = root(cluster, merge.a);
            int b = root(cluster, merge.b);
            cluster[Math.max(a, b)] = Math.min(a, b);
        }
        Matrix out = new Matrix(wanted, vectors.cols());
        int[] rows = new int[n]; // of the cluster that begins at i
        int next = 0;
        for (int i = 0; i < n; i++) {
            int first = root(cluster, i);
            if (first == i) {
                rows[i] = next++;
            }
            int to = out.at(rows[first]);
            for (int c = 0; c < vectors.cols(); c++) {
                out.data()[to + c] += vectors.get(i, c);
            }
        }
        Embedder.normalize(out);
        return out;
    }

    private static int root(int[] cluster, int i) {
        int at = i;
        while (cluster[at] != at) {
            at = cluster[at];
        }
        return at;
    }

    /** All n - 1 merges, by chains of nearest neighbours (Murtagh 1983), with the update formula of Lance and Williams. */
    private static List<Merge> merges(Matrix vectors) {
        int n = vectors.rows();
        double[][] distance = distances(vectors);
        int[] size = new int[n];
        Arrays.fill(size, 1); // 0: joined into another
        List<Merge> merges = new ArrayList<>();
        int[] chain = new int[n];
        int length = 0;
        while (merges.size() < n - 1) {
            if (length == 0) {
                chain[length++] = firstAlive(size);
            }
            int last = chain[length - 1];
            int before = length > 1 ? chain[length - 2] : -1;
            int nearest = nearest(distance[last], size, last, before);
            if (nearest != before) {
                chain[length++] = nearest;
                continue;
            }
            length -= 2;
            merges.add(new Merge(last, before, distance[last][before]));
            join(distance, size, Math.min(last, before), Math.max(last, before));
        }
        return merges;
    }

    private static int firstAlive(int[] size) {
        int i = 0;
        while (size[i] == 0) {
            i++;
        }
        return i;
    }

    /** The nearest cluster to {@code self}; {@code preferred} if none is nearer, so that chains end. */
    private static int nearest(double[] distance, int[] size, int self, int preferred) {
        int best = preferred;
        for (int i = 0; i < size.length; i++) {
            if (size[i] > 0 && i != self && (best < 0 || distance[i] < distance[best])) {
                best = i;
            }
        }
        return best;
    }

    /** {@code a} becomes the union of {@code a} and {@code b}. */
    private static void join(double[][] distance, int[] size, int a, int b) {
        double between = distance[a][b];
        for (int i = 0; i < size.length; i++) {
            if (size[i] > 0 && i != a && i != b) {
                double all = size[a] + size[b] + size[i];
                double joined = ((size[a] + size[i]) * distance[a][i]
                                + (size[b] + size[i]) * distance[b][i]
                                - size[i] * between)
                        / all;
                distance[a][i] = joined;
                distance[i][a] = joined;
            }
        }
        size[a] += size[b];
        size[b] = 0;
    }

    private static double[][] distances(Matrix vectors) {
        int n = vectors.rows();
        double[][] out = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                double sum = 0;
                for (int c = 0; c < vectors.cols(); c++) {
                    double d = vectors.get(i, c) - vectors.get(j, c);
                    sum += d * d;
                }
                out[i][j] = sum;
                out[j][i] = sum;
            }
        }
        return out;
    }
}
