package dev.pg.kernels;

import static dev.pg.kernels.PageVectors.BLOCK;

import dev.pg.core.DType;
import dev.pg.core.Workers;
import java.util.Arrays;
import java.util.List;

/**
 * Late interaction (ColBERT, arXiv 2004.12832, equation 3; ColPali, arXiv 2407.01449): the score of a query and a page is the sum, over
 * the vectors of the query, of the largest dot product with a vector of the page.
 *
 * <p>A page is read straight on and its numbers are widened in registers: copies of pieces, however short, took 40 % of the time. A dot
 * product is one chain of fused multiply-adds in the order of the components, so that results are bit-equal for any
 * number of workers, on any vector width, and without the Vector API. Owns its scratch memory; not thread-safe.
 */
public final class MaxSim {
    /** Of a component of a query: what {@link MaxSimF16} can still enlarge. */
    private static final float LARGEST = 16384;

    /**
     * Bytes of a page that one tile after the other passes over; they stay in the second-level cache meanwhile. The processor reads ahead of
     * the first tile only, and must start that anew after each change to memory: with float32 pages, 0.74 of the multiply-add peak if they
     * change after each block of 16 KB, 0.80 after 64 KB, 0.86 after 256 KB.
     */
    private static final int STRETCH = 1 << 18;

    private final Workers workers;
    private final float[][] most; // per worker [rows of all tiles × BLOCK]
    private final float[][] products; // per worker [rows of a tile × BLOCK]
    private final Workers.Task task = this::score;

    private List<PageVectors> pages;
    private float[] scores;
    private int dim;
    private int queries; // vectors of the query
    private int[] tiles; // their rows, one after the other
    private float[] packed; // [tiles × dim × rows of the tile]
    private float[] packedForF16; // the same, times MaxSimF16.QUERY_FACTOR

    /** @param workers who share the pages; not closed by this */
    public MaxSim(Workers workers) {
        this.workers = workers;
        this.most = new float[workers.threads()][0];
        this.products = new float[workers.threads()][VectorSupport.AVAILABLE ? MaxSimTile.LARGE * BLOCK : 0];
    }

    /**
     * Scores pages.
     *
     * @param query [vectors × dim], of components between -{@value #LARGEST} and {@value #LARGEST}; those of embeddings are below 1
     * @param pages of the same dim
     * @return one score for each page
     * @throws IllegalArgumentException if a page has another dim, or the query a component out of its range
     */
    public float[] scores(Matrix query, List<PageVectors> pages) {
        for (PageVectors page : pages) {
            if (page.dim() != query.cols()) {
                throw new IllegalArgumentException(
                        "a query of dim " + query.cols() + " cannot be compared with a page of dim " + page.dim());
            }
        }
        this.pages = pages;
        scores = new float[pages.size()];
        pack(query);
        workers.run(pages.size(), task);
        return scores;
    }

    private void pack(Matrix query) {
        dim = query.cols();
        queries = query.rows();
        tiles = tiles(queries);
        packed = new float[Arrays.stream(tiles).sum() * dim];
        int first = 0;
        for (int rows : tiles) {
            for (int r = 0; r < Math.min(rows, queries - first); r++) {
                for (int k = 0; k < dim; k++) {
                    float component = query.get(first + r, k);
                    if (!(Math.abs(component) <= LARGEST)) {
                        throw new IllegalArgumentException("a query has a component of " + component);
                    }
                    packed[(first * dim) + k * rows + r] = component;
                }
            }
            first += rows;
        }
        packedForF16 = new float[packed.length];
        for (int i = 0; i < packed.length; i++) {
            packedForF16[i] = packed[i] * MaxSimF16.QUERY_FACTOR;
        }
    }

    /** The tiles that take {@code count} query vectors with the fewest rows too many; of these, the largest tiles. */
    private static int[] tiles(int count) {
        if (!VectorSupport.AVAILABLE) {
            return new int[] {count};
        }
        int[] best = {};
        int fewest = Integer.MAX_VALUE;
        for (int large = 0; large <= Math.ceilDiv(count, MaxSimTile.LARGE); large++) {
            int small = Math.ceilDiv(Math.max(0, count - large * MaxSimTile.LARGE), MaxSimTile.SMALL);
            int rows = large * MaxSimTile.LARGE + small * MaxSimTile.SMALL;
            if (rows <= fewest) {
                fewest = rows;
                best = new int[large + small];
                Arrays.fill(best, 0, large, MaxSimTile.LARGE);
                Arrays.fill(best, large, best.length, MaxSimTile.SMALL);
            }
        }
        return best;
    }

    private void score(int index, int worker) {
        PageVectors page = pages.get(index);
        int n = packed.length / dim * BLOCK;
        if (most[worker].length < n) {
            most[worker] = new float[n];
        }
        Arrays.fill(most[worker], 0, n, Float.NEGATIVE_INFINITY);
        int stretch = Math.max(1, STRETCH / (dim * BLOCK * page.dtype().bytes()));
        for (int block = 0; block < page.blocks(); block += stretch) {
            raise(page, block, Math.min(block + stretch, page.blocks()), worker);
        }
        float sum = 0;
        for (int q = 0; q < queries; q++) {
            float largest = most[worker][q * BLOCK];
            for (int i = 1; i < BLOCK; i++) {
                largest = Math.max(largest, most[worker][q * BLOCK + i]);
            }
            sum += largest;
        }
        scores[index] = sum;
    }

    private void raise(PageVectors page, int fromBlock, int toBlock, int worker) {
        float[] q = page.dtype() == DType.F16 && VectorSupport.AVAILABLE ? packedForF16 : packed;
        int first = 0;
        for (int rows : tiles) {
            for (int block = fromBlock; block < toBlock; block++) {
                if (VectorSupport.AVAILABLE) {
                    MaxSimTile.raise(rows, q, first * dim, page, block, products[worker], most[worker], first * BLOCK);
                } else {
                    Scalar.raise(rows, q, first * dim, page, block, most[worker], first * BLOCK);
                }
            }
            first += rows;
        }
    }

    /** The tiles in plain loops; see {@link MaxSimTile#raise}. */
    static final class Scalar {
        private Scalar() {}

        static void raise(int rows, float[] q, int qo, PageVectors page, int block, float[] most, int mo) {
            for (int i = 0; i < BLOCK; i++) {
                float factor = page.factors() == null ? 1 : page.factors()[block * BLOCK + i];
                for (int r = 0; r < rows; r++) {
                    float sum = 0;
                    for (int k = 0; k < page.dim(); k++) {
                        sum = Math.fma(q[qo + k * rows + r], page.component(block, k, i), sum);
                    }
                    int at = mo + r * BLOCK + i;
                    most[at] = Math.max(most[at], sum * factor);
                }
            }
        }
    }
}
