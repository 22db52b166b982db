package dev.pg.model.siglip;

import dev.pg.core.Workers;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.Residual;
import dev.pg.kernels.Weights;
import dev.pg.model.image.Filter;
import dev.pg.model.image.Taps;

/**
 * A table of position embeddings for a square grid, and what becomes of it on a grid of another size. SigLIP interpolates
 * bicubically without antialiasing ({@code interpolate_pos_encoding} in transformers' {@code modeling_siglip.py}), NaFlex bilinearly
 * with it ({@code resize_positional_embeddings} in {@code modeling_siglip2.py}); both with align_corners false. On a grid one patch
 * wide torch's antialiased kernel for the CPU (2.13) repeats the top row all the way down; this follows the formula, as the model's
 * training did. Immutable and thread-safe.
 */
final class PositionGrid {
    /** The cubic convolution kernel's parameter in torch. */
    private static final float A = -0.75f;

    private final Weights table; // [side·side × hidden], row by row
    private final int side;
    private final boolean antialiased;

    PositionGrid(Weights table, int side, boolean antialiased) {
        this.table = table;
        this.side = side;
        this.antialiased = antialiased;
    }

    /** Adds to each row of {@code x} [patches × hidden] the embedding of its place on {@code grid}. */
    void addTo(Workers team, Matrix x, Grid grid) {
        if (grid.down() == side && grid.across() == side) {
            Matrix line = new Matrix(side, table.cols()); // the whole table as floats would be 19 MB at 896 pixels
            for (int y = 0; y < side; y++) {
                Residual.add(team, x.rows(y * side, side), floats(y * side, line));
            }
        } else {
            Matrix all = floats(0, new Matrix(side * side, table.cols()));
            Residual.add(team, x, antialiased ? bilinear(all, grid) : bicubic(all, grid));
        }
    }

    /** Fills {@code floats} with the rows of the table from {@code row} on. */
    private Matrix floats(int row, Matrix floats) {
        table.unpack(row, floats.rows(), 0, table.cols(), floats.data(), 0, floats.stride());
        return floats;
    }

    private Matrix bilinear(Matrix table, Grid grid) {
        Taps across = new Taps(side, grid.across(), Filter.BILINEAR);
        Matrix wide = new Matrix(side * grid.across(), table.cols());
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < grid.across(); x++) {
                for (int k = 0; k < across.count(x); k++) {
                    addRow(
                            (float) across.weight(x, k),
                            table,
                            y * side + across.first(x) + k,
                            wide,
                            y * grid.across() + x);
                }
            }
        }
        Taps down = new Taps(side, grid.down(), Filter.BILINEAR);
        Matrix out = new Matrix(grid.patches(), table.cols());
        for (int y = 0; y < grid.down(); y++) {
            for (int x = 0; x < grid.across(); x++) {
                for (int k = 0; k < down.count(y); k++) {
                    int row = (down.first(y) + k) * grid.across() + x;
                    addRow((float) down.weight(y, k), wide, row, out, y * grid.across() + x);
                }
            }
        }
        return out;
    }

    private Matrix bicubic(Matrix table, Grid grid) {
        Matrix out = new Matrix(grid.patches(), table.cols());
        for (int y = 0; y < grid.down(); y++) {
            float atY = (y + 0.5f) * side / grid.down() - 0.5f;
            for (int x = 0; x < grid.across(); x++) {
                float atX = (x + 0.5f) * side / grid.across() - 0.5f;
                for (int i = -1; i <= 2; i++) {
                    for (int j = -1; j <= 2; j++) {
                        float weight =
                                cubic(atY - (float) Math.floor(atY) - i) * cubic(atX - (float) Math.floor(atX) - j);
                        int row = clamp((int) Math.floor(atY) + i) * side + clamp((int) Math.floor(atX) + j);
                        addRow(weight, table, row, out, y * grid.across() + x);
                    }
                }
            }
        }
        return out;
    }

    private static void addRow(float weight, Matrix from, int row, Matrix to, int toRow) {
        int source = from.at(row);
        int target = to.at(toRow);
        for (int c = 0; c < from.cols(); c++) {
            to.data()[target + c] += weight * from.data()[source + c];
        }
    }

    private int clamp(int i) {
        return Math.clamp(i, 0, side - 1);
    }

    /** Keys' cubic convolution kernel at distance {@code d}. */
    private static float cubic(float d) {
        float x = Math.abs(d);
        if (x <= 1) {
            return ((A + 2) * x - (A + 3)) * x * x + 1;
        }
        return x < 2 ? ((A * x - 5 * A) * x + 8 * A) * x - 4 * A : 0;
    }
}
