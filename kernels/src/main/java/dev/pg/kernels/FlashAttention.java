package dev.pg.kernels;

import dev.pg.core.Workers;

/**
 * Attention for many queries without the score matrix: keys come in tiles, and a running maximum and sum per query rescale what
 * was summed before (Milakov and Gimelshein, arXiv 1805.02867; Dao et al., arXiv 2205.14135).
 *
 * <p>Queries lie along the vector lanes, keys and head dimensions are broadcast. So both products are {@link OuterProduct} tiles,
 * scores are born as {@code [key][query]}, softmax is vertical arithmetic without reductions, and the probabilities are
 * the packed operand of the second product as they stand:
 *
 * <pre>
 *   scores[key][query]  = Σ_d keys[d][key]   · queries[d][query]      keys in groups of 4, queries in panels of COLUMNS
 *   sums  [dim][query] += Σ_k values[k][dim] · probabilities[k][query]
 * </pre>
 *
 * <p>The query heads that share a key/value head count as further queries, so its keys and values are packed once for all. A task
 * is one key/value head and a block of panels. Tiles start at multiples of {@link FlashBlock#TILE} whatever the block, and a tile that
 * a query does not see changes nothing for it: the result for a query does not depend on the queries computed beside it.
 */
final class FlashAttention implements Workers.Task {
    /** Tasks per thread to aim at, for balance. */
    private static final int TASKS_PER_THREAD = 8;

    private final Workers workers;
    private AttentionProblem problem;
    private final FlashBlock[] scratch; // [worker]
    private int panelsPerBlock;
    private int blocksPerHead; // per key/value head

    FlashAttention(Workers workers) {
        this.workers = workers;
        this.scratch = new FlashBlock[workers.threads()];
    }

    void run(AttentionProblem problem) {
        this.problem = problem;
        int panels = Math.ceilDiv(problem.queries * problem.group, FlashBlock.PANEL);
        int tasks = workers.threads() == 1 ? 1 : TASKS_PER_THREAD * workers.threads();
        int share = problem.kvHeads * panels / tasks;
        panelsPerBlock = Math.clamp(share, 1, FlashBlock.maxPanels(problem.headDim));
        blocksPerHead = Math.ceilDiv(panels, panelsPerBlock);
        workers.run(problem.kvHeads * blocksPerHead, this);
    }

    @Override
    public void run(int index, int worker) {
        if (scratch[worker] == null || scratch[worker].headDim < problem.headDim) {
            scratch[worker] = new FlashBlock(problem.headDim);
        }
        int first = index % blocksPerHead * panelsPerBlock * FlashBlock.PANEL;
        int end = Math.min(first + panelsPerBlock * FlashBlock.PANEL, problem.queries * problem.group);
        scratch[worker].attend(problem, index / blocksPerHead, first, end);
    }
}
