package dev.pg.model.image;

import dev.pg.core.PgException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * From a picture to the input of the vision tower: resized, scaled, normalised, and split into planes. Equal bit for bit to
 * transformers' {@code SiglipImageProcessorPil}, which stretches every picture to one size, and to {@code
 * Siglip2ImageProcessorPil} (NaFlex), which keeps the aspect ratio as far as whole patches allow. Immutable, hence thread-safe.
 */
public final class ImageProcessor {
    private final Sizing sizing;
    private final Filter filter;
    private final boolean resize;
    private final float[][] values; // [3 × 256]: what each byte becomes in each channel

    private ImageProcessor(Sizing sizing, Filter filter, Preprocessing rules) {
        this(sizing, filter, rules.resize(), rules.values());
    }

    private ImageProcessor(Sizing sizing, Filter filter, boolean resize, float[][] values) {
        this.sizing = sizing;
        this.filter = filter;
        this.resize = resize;
        this.values = values;
    }

    /**
     * SigLIP's processing with all its defaults: bicubic, from 0..255 to -1..1.
     *
     * @param size side of the square in pixels
     */
    public static ImageProcessor of(int size) {
        return of(size, size, Filter.BICUBIC);
    }

    /** As {@link #of(int)}, for any rectangle and filter. */
    public static ImageProcessor of(int width, int height, Filter filter) {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("sizes must be positive: " + width + "x" + height);
        }
        return new ImageProcessor(new Sizing.Fixed(new Size(width, height)), filter, Preprocessing.defaults());
    }

    /**
     * The processing that a model directory asks for in {@code preprocessor_config.json} (or under {@code "image_processor"} in
     * {@code processor_config.json}, where newer versions write it). Keys that are absent have transformers' defaults, except
     * the size, which is then the model's.
     *
     * @param directory of the model
     * @param imageSize the side in pixels that the vision tower expects
     * @throws PgException if the file cannot be read or asks for something else than resizing, rescaling and normalising
     */
    public static ImageProcessor open(Path directory, int imageSize) {
        Preprocessing rules = Preprocessing.open(directory);
        return new ImageProcessor(new Sizing.Fixed(rules.size(imageSize)), rules.filter(Filter.BICUBIC), rules);
    }

    /**
     * The same for a NaFlex tower: pictures keep their aspect ratio, and {@code max_num_patches} bounds how large they are.
     *
     * @param patchSize side of the tower's patches in pixels
     * @throws PgException as {@link #open}, or if the file says another patch size
     */
    public static ImageProcessor openNaFlex(Path directory, int patchSize) {
        Preprocessing rules = Preprocessing.open(directory);
        Sizing sizing = new Sizing.Budget(patchSize, rules.maxPatches(patchSize));
        return new ImageProcessor(sizing, rules.filter(Filter.BILINEAR), rules);
    }

    /** The same with another budget of patches, at least 1; where pictures have one size for all, nothing changes. */
    public ImageProcessor withMaxPatches(int maxPatches) {
        return sizing instanceof Sizing.Budget budget
                ? new ImageProcessor(new Sizing.Budget(budget.patchSize(), maxPatches), filter, resize, values)
                : this;
    }

    /** Most patches of a picture, where pictures have sizes of their own. */
    public Optional<Integer> maxPatches() {
        return sizing instanceof Sizing.Budget budget ? Optional.of(budget.maxPatches()) : Optional.empty();
    }

    /** The size that a picture of {@code width × height} pixels gets. */
    public Size size(int width, int height) {
        return sizing.of(width, height);
    }

    /**
     * The input of the vision tower.
     *
     * @return {@code [3 × height × width]}, one plane per colour
     * @throws PgException if the configuration forbids resizing and the picture has another size
     */
    public float[] pixels(Image image) {
        return planes(image).values();
    }

    /** As {@link #pixels}, together with the size. */
    public Planes planes(Image image) {
        Image resized = resized(image);
        byte[] rgb = resized.bytes();
        int plane = resized.width() * resized.height();
        float[] out = new float[3 * plane];
        for (int c = 0; c < 3; c++) {
            float[] value = values[c];
            for (int i = 0; i < plane; i++) {
                out[c * plane + i] = value[rgb[3 * i + c] & 0xff];
            }
        }
        return new Planes(out, resized.height(), resized.width());
    }

    /**
     * The picture in the size of the model's input, before its values are scaled.
     *
     * @throws PgException if the configuration forbids resizing and the picture has another size
     */
    public Image resized(Image image) {
        Size size = sizing.of(image.width(), image.height());
        if (image.width() == size.width() && image.height() == size.height()) {
            return image;
        }
        if (!resize) {
            throw new PgException("the picture is " + image + ", the model takes " + size.width() + "x" + size.height()
                    + " and its preprocessor_config.json says do_resize false: resize the picture first");
        }
        return Resize.apply(image, size.width(), size.height(), filter);
    }
}
