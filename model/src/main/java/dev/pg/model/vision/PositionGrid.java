package dev.pg.model.vision;

import dev.pg.kernels.Matrix;

/**
 * Position embeddings for a grid of another size than the trained one: {@code torch.nn.functional.interpolate} with mode
 * "bicubic", align_corners false, no antialiasing, as {@code interpolate_pos_encoding} in transformers' {@code
 * modeling_siglip.py} calls it.
 */
final class PositionGrid {
    /** The cubic convolution kernel's parameter in torch. */
    private static final float A = -0.75f;

    private PositionGrid() {}

    /**
     * Resizes the grid.
     *
     * @param positions [grid·grid × hidden], row by row
     * @return [down·across × hidden]
     */
    static Matrix resize(Matrix positions, int grid, int down, int across) {
        int hidden = positions.cols();
        Matrix out = new Matrix(down * across, hidden);
        for (int y = 0; y < down; y++) {
            float atY = (y + 0.5f) * grid / down - 0.5f;
            for (int x = 0; x < across; x++) {
                float atX = (x + 0.5f) * grid / across - 0.5f;
                int to = out.at(y * across + x);
                for (int i = -1; i <= 2; i++) {
                    for (int j = -1; j <= 2; j++) {
                        float weight =
                                cubic(atY - (float) Math.floor(atY) - i) * cubic(atX - (float) Math.floor(atX) - j);
                        int row =
                                clamp((int) Math.floor(atY) + i, grid) * grid + clamp((int) Math.floor(atX) + j, grid);
                        int from = positions.at(row);
                        for (int c = 0; c < hidden; c++) {
                            out.data()[to + c] += weight * positions.data()[from + c];
                        }
                    }
                }
            }
        }
        return out;
    }

    private static int clamp(int i, int size) {
        return Math.clamp(i, 0, size - 1);
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
