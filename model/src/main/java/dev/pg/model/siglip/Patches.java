package dev.pg.model.siglip;

import dev.pg.kernels.Blocks;
import dev.pg.kernels.Matrix;
import java.util.List;

/**
 * Pictures cut into flattened patches, those of one picture row by row, one picture behind the other.
 *
 * @param values [patches of all pictures × patchLength]
 * @param grids for each picture how its patches lie; sizes may differ
 */
public record Patches(Matrix values, List<Grid> grids) {
    /**
     * Checks the number of rows.
     *
     * @throws IllegalArgumentException if it is not that of the grids
     */
    public Patches {
        grids = List.copyOf(grids);
        int patches = grids.stream().mapToInt(Grid::patches).sum();
        if (values.rows() != patches) {
            throw new IllegalArgumentException(values.rows() + " rows for " + patches + " patches");
        }
    }

    /** Where each picture begins and ends. */
    public Blocks blocks() {
        return Blocks.of(grids.stream().mapToInt(Grid::patches).toArray());
    }
}
