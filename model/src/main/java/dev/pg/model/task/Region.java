package dev.pg.model.task;

import java.util.List;

/**
 * One located thing as the model wrote it, before it is laid onto a picture.
 *
 * @param yMin numbers of the location tokens, 0 to 1023, in the order in which they are written
 * @param maskCodes the 16 numbers of the segmentation tokens, 0 to 127, or none
 * @param label the text behind them; empty if there is none
 */
public record Region(int yMin, int xMin, int yMax, int xMax, List<Integer> maskCodes, String label) {
    /** The location token's number stands for so many parts of a side, as the published examples decode it. */
    public static final int PARTS = 1024;

    /** As big_vision encodes and evaluates: token 1023 is the far edge itself. */
    public static final int BIG_VISION_PARTS = 1023;

    public Region {
        maskCodes = List.copyOf(maskCodes);
    }

    /** {@link #box(int, int, int)} with {@link #PARTS}. */
    public Box box(int width, int height) {
        return box(width, height, PARTS);
    }

    /**
     * The box on a picture of {@code width × height} pixels: the picture as it was before it was squeezed into the model's square.
     *
     * @param parts {@link #PARTS} or {@link #BIG_VISION_PARTS}; they differ by at most a thousandth of a side
     */
    public Box box(int width, int height, int parts) {
        return new Box(
                scale(yMin, height, parts),
                scale(xMin, width, parts),
                scale(yMax, height, parts),
                scale(xMax, width, parts));
    }

    private static float scale(int number, int side, int parts) {
        return (float) ((double) number / parts * side);
    }
}
