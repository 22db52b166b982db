package dev.pg.kernels;

/**
 * How far quantised weights are from those they stand for.
 *
 * @param weights how many were compared
 * @param max largest difference of two
 * @param squaredError sum of the squares of all differences
 * @param squares sum of the squares of all original weights
 * @param quantizedSquares sum of the squares of all quantised weights
 * @param products sum of the products of both
 */
public record QuantizationError(
        long weights, double max, double squaredError, double squares, double quantizedSquares, double products) {
    /** Nothing compared. */
    public static final QuantizationError NONE = new QuantizationError(0, 0, 0, 0, 0, 0);

    /** Of two matrices together. */
    public QuantizationError plus(QuantizationError other) {
        return new QuantizationError(
                weights + other.weights,
                Math.max(max, other.max),
                squaredError + other.squaredError,
                squares + other.squares,
                quantizedSquares + other.quantizedSquares,
                products + other.products);
    }

    /** Root mean square of the differences, over that of the original weights; 0 if these are all 0. */
    public double relativeRms() {
        return squares == 0 ? 0 : Math.sqrt(squaredError / squares);
    }

    /** Cosine of the angle between both; 1 if the original weights are all 0. */
    public double cosine() {
        return squares == 0 ? 1 : products / Math.sqrt(squares * quantizedSquares);
    }
}
