package dev.pg.model.image;

/** What becomes of a 16-bit grey picture, on which Pillow and good sense disagree. */
public enum Gray16 {
    /**
     * {@code min(value, 255)}: what Pillow's {@code convert("RGB")} does and therefore what the reference implementation sees.
     * Nearly every pixel turns white.
     */
    CLIP,
    /** {@code value >> 8}: the picture that a viewer shows. */
    SCALE
}
