package dev.pg.model.siglip;

/**
 * How the patches of a picture lie.
 *
 * @param down rows of patches
 * @param across patches in a row
 */
public record Grid(int down, int across) {
    /** Patches of the picture. */
    public int patches() {
        return down * across;
    }
}
