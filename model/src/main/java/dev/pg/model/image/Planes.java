package dev.pg.model.image;

/**
 * A picture as a vision tower sees it.
 *
 * @param values {@code [3 × height × width]}, normalised, one plane per colour
 * @param height rows
 * @param width columns
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Planes(float[] values, int height, int width) {
    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if they do not fit together
     */
    public Planes {
        if (height < 1 || width < 1 || values.length != 3L * height * width) {
            throw new IllegalArgumentException(values.length + " values are not 3 x " + height + " x " + width);
        }
    }
}
