package dev.pg.kernels;

import dev.pg.core.Workers;
import java.util.Arrays;

/**
 * y = x·Wᵀ + bias for one to sixteen rows of x ("tokens") and {@link Bf16Panels}. A task takes a panel, and multiplies it with eight tokens at once,
 * or with four, where there are less or too few registers. Their activations lie side by side: as two streams of four they take up to half
 * as long again. Where the processor reads two straight streams faster than one, a token or four are multiplied with two panels at once, as far as there are
 * registers.
 *
 * <p>An element of y is one chain of fused multiply-adds in the order of the inputs, then the bias. So it has the same bits for any number
 * of threads and of tokens, for any vector width, and before and after the JIT has warmed up.
 */
final class FewPanels {
    private static final int LANES = VectorSupport.LANES;
    private static final int ROWS = Bf16Panels.ROWS;

    /** With fewer panels for each thread, tasks are single ones, where others are pairs: the last one holds up the others. */
    static final int FEW_PANELS = 8;

    /** 1. No constant of the compilers: C2 would inline short kernels, unroll their loops and spill. */
    private final int step;

    private final Workers workers;
    private final float[][] sums; // per worker [tokens × ROWS], or [panels × group × ROWS]
    private final int[][] read; // per worker: what was read ahead, which nobody needs
    private final Workers.Task panelsTask = this::multiplyPanels;

    private Matrix x;
    private Matrix y;
    private Linear w;
    private int group; // tokens multiplied at once: 1, 4 or 8
    private float[] packed = new float[0]; // [groups × inputs × group]
    private boolean vectors;
    private int together; // panels of a task: 1 or 2

    FewPanels(Workers workers) {
        this.workers = workers;
        step = 1;
        sums = new float[workers.threads()][FewRows.MAX_TOKENS * ROWS + FewTiles.APART];
        read = new int[workers.threads()][1 + FewTiles.APART];
    }

    /** True if all weights of {@code w} are in panels. */
    static boolean takes(Linear w) {
        for (int i = 0; i < w.parts(); i++) {
            if (!(w.part(i) instanceof Bf16Panels)) {
                return false;
            }
        }
        return true;
    }

    /** See {@link MatMul#multiply}; x has at most {@link FewRows#MAX_TOKENS} rows, and {@link #takes} is true. */
    void multiply(Matrix x, Linear w, Matrix y) {
        this.x = x;
        this.w = w;
        this.y = y;
        vectors = WarmUp.vectors();
        group = x.rows() == 1 ? 1 : x.rows() > 4 && Bf16Panels.VECTORS == 3 ? 8 : 4;
        pack();
        together = together();
        int tasks = 0;
        for (int i = 0; i < w.parts(); i++) {
            tasks += tasks(w.part(i));
        }
        workers.run(tasks, panelsTask);
    }

    private int together() {
        boolean few = w.rows() < FEW_PANELS * workers.threads() * ROWS;
        boolean fits = group == 1 || (group == 4 && Bf16Panels.VECTORS == 3); // into the registers
        return Processor.MANY_STREAMS && vectors && fits && !few ? 2 : 1;
    }

    private int tasks(Weights part) {
        return Math.ceilDiv(((Bf16Panels) part).panels(), together);
    }

    private void pack() {
        if (group == 1) {
            return; // a single token is read where it lies
        }
        int count = Math.ceilDiv(x.rows(), group) * group;
        if (packed.length < count * x.cols()) {
            packed = new float[count * x.cols()];
        }
        int last = x.rows() - 1; // repeated where there are no more
        for (int t = 0; t < count; t += 4) {
            int at = t / group * group * x.cols() + t % group;
            pack4(
                    x.at(Math.min(t, last)),
                    x.at(Math.min(t + 1, last)),
                    x.at(Math.min(t + 2, last)),
                    x.at(Math.min(t + 3, last)),
                    at);
        }
    }

    private void pack4(int t0, int t1, int t2, int t3, int at) {
        float[] src = x.data();
        for (int k = 0; k < x.cols(); k++) {
            int to = at + k * group;
            packed[to] = src[t0 + k];
            packed[to + 1] = src[t1 + k];
            packed[to + 2] = src[t2 + k];
            packed[to + 3] = src[t3 + k];
        }
    }

    private void multiplyPanels(int index, int worker) {
        int task = index; // of the part it falls into
        int column = 0;
        int p = 0;
        while (task >= tasks(w.part(p))) {
            task -= tasks(w.part(p));
            column += w.part(p).rows();
            p++;
        }
        Bf16Panels part = (Bf16Panels) w.part(p);
        int panel = task * together;
        if (together == 2 && panel + 1 < part.panels() && part.width(panel + 1) == ROWS) {
            pairDots(part, panel, worker);
            store(part, column, panel, sums[worker], 0);
            store(part, column, panel + 1, sums[worker], group * ROWS);
            return;
        }
        for (int end = Math.min(panel + together, part.panels()); panel < end; panel++) {
            if (!vectors) {
                plainDots(part, panel, sums[worker]);
            } else if (group == 1) {
                dots(part, panel, sums[worker]);
            } else {
                groupedDots(part, panel, sums[worker]);
            }
            store(part, column, panel, sums[worker], 0);
        }
    }

    private void store(Bf16Panels part, int column, int panel, float[] sums, int from) {
        int first = column + panel * ROWS;
        for (int t = 0; t < x.rows(); t++) {
            for (int r = 0; r < part.width(panel); r++) {
                y.data()[y.at(t) + first + r] = sums[from + t * ROWS + r] + w.bias(first + r);
            }
        }
    }

    /** A token or four, two whole panels. */
    private void pairDots(Bf16Panels part, int panel, int worker) {
        long at = part.panelAt(panel);
        long apart = part.panelAt(panel + 1) - at;
        float[] own = sums[worker];
        if (group == 4) {
            PanelPairDots.pair3x4(part.data, at, at, apart, part.pairs(), step, packed, 0, own, 0);
        } else if (Bf16Panels.VECTORS == 3) {
            PanelPairDots.pair3x1(part.data, at, apart, part.pairs(), step, x.data(), x.at(0), read[worker], own, 0);
        } else {
            PanelPairDots.pair2x1(part.data, at, apart, part.pairs(), step, x.data(), x.at(0), own, 0);
        }
    }

    /** One token. */
    private void dots(Bf16Panels part, int panel, float[] sums) {
        long at = part.panelAt(panel);
        int width = part.width(panel);
        if (width == ROWS && Bf16Panels.VECTORS == 3) {
            PanelDots.dots3x1(part.data, at, part.pairs(), step, x.data(), x.at(0), sums, 0);
        } else if (width == ROWS) {
            PanelDots.dots2x1(part.data, at, part.pairs(), step, x.data(), x.at(0), sums, 0);
        } else {
            long stride = width * (long) Integer.BYTES;
            for (int r = 0; r < width; r += LANES) {
                long rows = at + r * (long) Integer.BYTES;
                PanelDots.dots1x1(part.data, rows, stride, part.pairs(), step, x.data(), x.at(0), sums, r);
            }
        }
    }

    /** Several tokens. */
    private void groupedDots(Bf16Panels part, int panel, float[] sums) {
        long at = part.panelAt(panel);
        int width = part.width(panel);
        for (int t = 0; t < x.rows(); t += group) {
            int xo = t * x.cols();
            int so = t * ROWS;
            if (width == ROWS && group == 8) {
                PanelDots.dots3x8(part.data, at, part.pairs(), step, packed, xo, sums, so);
            } else if (width == ROWS && Bf16Panels.VECTORS == 3) {
                PanelDots.dots3x4(part.data, at, part.pairs(), step, packed, xo, sums, so);
            } else if (width == ROWS) {
                PanelDots.dots2x4(part.data, at, part.pairs(), step, packed, xo, sums, so);
            } else {
                long stride = width * (long) Integer.BYTES;
                for (int r = 0; r < width; r += LANES) {
                    long rows = at + r * (long) Integer.BYTES;
                    if (group == 8) {
                        PanelDots.dots1x8(part.data, rows, stride, part.pairs(), step, packed, xo, sums, so + r);
                    } else {
                        PanelDots.dots1x4(part.data, rows, stride, part.pairs(), step, packed, xo, sums, so + r);
                    }
                }
            }
        }
    }

    /** The same chains in plain loops. */
    private void plainDots(Bf16Panels part, int panel, float[] sums) {
        int width = part.width(panel);
        long at = part.panelAt(panel);
        Arrays.fill(sums, 0, x.rows() * ROWS, 0);
        for (int p = 0; p < part.pairs(); p++) {
            for (int r = 0; r < width; r++) {
                int pair = part.data.get(Bf16Panels.INT, at + (p * (long) width + r) * Integer.BYTES);
                for (int t = 0; t < x.rows(); t++) {
                    int token = x.at(t) + 2 * p;
                    float sum = Math.fma(Bf16Panels.first(pair), x.data()[token], sums[t * ROWS + r]);
                    sums[t * ROWS + r] = Math.fma(Bf16Panels.second(pair), x.data()[token + 1], sum);
                }
            }
        }
    }
}
