package dev.pg.model.task;

import dev.pg.model.image.Filter;
import dev.pg.model.image.Resize;

/**
 * Which pixels of a picture belong to a thing. Everything outside the rectangle {@link #left}, {@link #top}, {@link #width},
 * {@link #height} does not. Immutable, hence thread-safe.
 */
public final class ObjectMask {
    private final int left;
    private final int top;
    private final int width;
    private final int height;
    private final float[] logits; // [SIDE × SIDE], positive inside
    private final float[] stretched; // [height × width]

    private ObjectMask(int left, int top, int width, int height, float[] logits, float[] stretched) {
        this.left = left;
        this.top = top;
        this.width = width;
        this.height = height;
        this.logits = logits;
        this.stretched = stretched;
    }

    /**
     * Lays a decoded mask into its box, as big_vision's evaluator does ({@code
     * evaluators/proj/paligemma/transfers/segmentation.py}): edges are cut to whole pixels, and the logits are stretched bilinearly.
     *
     * @param logits what {@link MaskDecoder#decode} returns
     * @param box in pixels of the picture; an empty one gives an empty mask
     * @param pictureWidth a box that reaches beyond it is cut first
     * @param pictureHeight likewise
     */
    public static ObjectMask of(float[] logits, Box box, int pictureWidth, int pictureHeight) {
        int top = Math.clamp((long) box.yMin(), 0, pictureHeight);
        int left = Math.clamp((long) box.xMin(), 0, pictureWidth);
        int height = Math.max(0, Math.clamp((long) box.yMax(), 0, pictureHeight) - top);
        int width = Math.max(0, Math.clamp((long) box.xMax(), 0, pictureWidth) - left);
        if (width == 0 || height == 0) {
            return new ObjectMask(left, top, 0, 0, logits.clone(), new float[0]);
        }
        float[] stretched = Resize.bilinear(logits.clone(), MaskDecoder.SIDE, MaskDecoder.SIDE, width, height);
        return new ObjectMask(left, top, width, height, logits.clone(), stretched);
    }

    /** A mask without pixels. */
    public static ObjectMask empty() {
        return of(new float[MaskDecoder.SIDE * MaskDecoder.SIDE], new Box(0, 0, 0, 0), 0, 0);
    }

    /** First column of the rectangle that holds the mask. */
    public int left() {
        return left;
    }

    /** First row of the rectangle that holds the mask. */
    public int top() {
        return top;
    }

    /** Columns of the rectangle that holds the mask; 0 if it is empty. */
    public int width() {
        return width;
    }

    /** Rows of the rectangle that holds the mask; 0 if it is empty. */
    public int height() {
        return height;
    }

    /** Whether the picture's pixel in column {@code x} of row {@code y} belongs to the thing. */
    public boolean contains(int x, int y) {
        return x >= left
                && x < left + width
                && y >= top
                && y < top + height
                && stretched[(y - top) * width + (x - left)] > 0;
    }

    /** Number of pixels that belong to the thing. */
    public int area() {
        int count = 0;
        for (float v : stretched) {
            if (v > 0) {
                count++;
            }
        }
        return count;
    }

    /**
     * Opacities with soft edges for painting, as the published demo makes them: the logits from -1..1 to 0..255, then Pillow's
     * bicubic resize.
     *
     * @return {@code [height × width]} bytes of the rectangle
     */
    public byte[] alpha() {
        if (width == 0) {
            return new byte[0];
        }
        byte[] gray = new byte[logits.length];
        for (int i = 0; i < gray.length; i++) {
            gray[i] = (byte) (Math.clamp(logits[i] * 0.5f + 0.5f, 0, 1) * 255);
        }
        return Resize.bytes(gray, 1, MaskDecoder.SIDE, MaskDecoder.SIDE, width, height, Filter.BICUBIC);
    }
}
