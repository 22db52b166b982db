package dev.pg.model.task;

/**
 * A rectangle in pixels of the picture as the caller passed it, from (0, 0) at the top left corner to (height, width).
 *
 * @param yMin upper edge
 * @param xMin left edge
 * @param yMax lower edge, normally below {@code yMin}; a model may say otherwise
 * @param xMax right edge, normally right of {@code xMin}; a model may say otherwise
 */
public record Box(float yMin, float xMin, float yMax, float xMax) {
    /** {@code yMax - yMin}, 0 if the edges are in the wrong order. */
    public float height() {
        return Math.max(0, yMax - yMin);
    }

    /** {@code xMax - xMin}, 0 if the edges are in the wrong order. */
    public float width() {
        return Math.max(0, xMax - xMin);
    }

    /** The area in square pixels. */
    public float area() {
        return height() * width();
    }

    /** Whether nothing lies inside: an edge meets or crosses its opposite. */
    public boolean isEmpty() {
        return !(yMax > yMin && xMax > xMin);
    }

    /** Intersection over union with {@code other}, 0 to 1; 0 if both are empty. */
    public double iou(Box other) {
        Box common = new Box(
                Math.max(yMin, other.yMin),
                Math.max(xMin, other.xMin),
                Math.min(yMax, other.yMax),
                Math.min(xMax, other.xMax));
        double union = (double) area() + other.area() - common.area();
        return union > 0 ? common.area() / union : 0;
    }
}
