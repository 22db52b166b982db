package dev.pg.model.image;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * From a picture to the input of the vision tower: stretched to the tower's size (no crop, no padding), scaled, normalised, and
 * split into planes. Equal bit for bit to transformers' {@code SiglipImageProcessorPil}. Immutable, hence thread-safe.
 */
public final class ImageProcessor {
    private static final double RESCALE = 1.0 / 255;

    private final int width;
    private final int height;
    private final Filter filter;
    private final boolean resize;
    private final float[][] values; // [3 × 256]: what each byte becomes in each channel

    private ImageProcessor(int width, int height, Filter filter, boolean resize, float[][] values) {
        this.width = width;
        this.height = height;
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
        float[] half = {0.5f, 0.5f, 0.5f};
        return new ImageProcessor(width, height, filter, true, table(RESCALE, half, half));
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
        Path file = directory.resolve("preprocessor_config.json");
        if (Files.exists(file)) {
            return read(parse(file), file, imageSize);
        }
        file = directory.resolve("processor_config.json");
        JsonNode nested = Files.exists(file) ? parse(file).path("image_processor") : null;
        return nested != null && nested.isObject() ? read(nested, file, imageSize) : of(imageSize);
    }

    /** Columns of the model's input. */
    public int width() {
        return width;
    }

    /** Rows of the model's input. */
    public int height() {
        return height;
    }

    /**
     * The input of the vision tower.
     *
     * @return {@code [3 × height × width]}, one plane per colour
     * @throws PgException if the configuration forbids resizing and the picture has another size
     */
    public float[] pixels(Image image) {
        byte[] rgb = resized(image).bytes();
        int plane = width * height;
        float[] out = new float[3 * plane];
        for (int c = 0; c < 3; c++) {
            float[] value = values[c];
            for (int i = 0; i < plane; i++) {
                out[c * plane + i] = value[rgb[3 * i + c] & 0xff];
            }
        }
        return out;
    }

    /**
     * The picture in the size of the model's input, before its values are scaled.
     *
     * @throws PgException if the configuration forbids resizing and the picture has another size
     */
    public Image resized(Image image) {
        if (image.width() == width && image.height() == height) {
            return image;
        }
        if (!resize) {
            throw new PgException("the picture is " + image + ", the model takes " + width + "x" + height
                    + " and its preprocessor_config.json says do_resize false: resize the picture first");
        }
        return Resize.apply(image, width, height, filter);
    }

    private static JsonNode parse(Path file) {
        try {
            return JsonMapper.shared().readTree(Files.readString(file));
        } catch (IOException | JacksonException e) {
            throw new PgException(
                    file + ": cannot be read as JSON: "
                            + e.getMessage().lines().findFirst().orElse(""),
                    e);
        }
    }

    private static ImageProcessor read(JsonNode config, Path file, int imageSize) {
        if (!config.isObject()) {
            throw new PgException(file + ": expected a JSON object");
        }
        JsonNode size = config.path("size");
        int height = imageSize;
        int width = imageSize;
        if (size.isInt()) {
            height = width = size.intValue();
        } else if (!size.isMissingNode() && !size.isNull()) {
            height = size.path("height").asInt(0);
            width = size.path("width").asInt(0);
        }
        if (height < 1 || width < 1 || (long) height * width > ReadOptions.MAX_PIXELS) {
            throw new PgException(
                    file + ": \"size\" is " + size + "; expected {\"height\": H, \"width\": W} in pixels");
        }
        boolean rescale = flag(config, "do_rescale", file);
        boolean normalize = flag(config, "do_normalize", file);
        float[] mean = normalize ? channels(config, "image_mean", 0.5f, file) : new float[3];
        float[] std = normalize ? channels(config, "image_std", 0.5f, file) : new float[] {1, 1, 1};
        for (float deviation : std) {
            if (deviation == 0) {
                throw new PgException(file + ": \"image_std\" must not be 0, as it divides");
            }
        }
        double factor = rescale ? number(config.path("rescale_factor"), RESCALE, "rescale_factor", file) : 1;
        return new ImageProcessor(
                width, height, filter(config, file), flag(config, "do_resize", file), table(factor, mean, std));
    }

    private static Filter filter(JsonNode config, Path file) {
        JsonNode code = config.path("resample");
        if (code.isMissingNode() || code.isNull()) {
            return Filter.BICUBIC;
        }
        return Arrays.stream(Filter.values())
                .filter(f -> code.isInt() && f.code() == code.intValue())
                .findFirst()
                .orElseThrow(() -> new PgException(
                        file + ": \"resample\" is " + code + "; supported are 2 (bilinear) and 3 (bicubic)"));
    }

    private static boolean flag(JsonNode config, String key, Path file) {
        JsonNode value = config.path(key);
        if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
            throw new PgException(file + ": \"" + key + "\" is " + value + "; expected true or false");
        }
        return value.asBoolean(true);
    }

    private static float[] channels(JsonNode config, String key, float fallback, Path file) {
        JsonNode value = config.path(key);
        float[] out = new float[3];
        for (int c = 0; c < 3; c++) {
            out[c] = (float) number(value.isArray() ? value.path(c) : value, fallback, key, file);
        }
        if (value.isArray() && value.size() != 3) {
            throw new PgException(file + ": \"" + key + "\" is " + value + "; expected three numbers");
        }
        return out;
    }

    private static double number(JsonNode value, double fallback, String key, Path file) {
        if (value.isMissingNode() || value.isNull()) {
            return fallback;
        }
        if (!value.isNumber()) {
            throw new PgException(file + ": \"" + key + "\" holds " + value + "; expected a number");
        }
        return value.doubleValue();
    }

    /**
     * What numpy computes in {@code image_transforms.rescale} and {@code normalize}: a product in double, rounded to float, then a
     * difference and a quotient in float.
     */
    private static float[][] table(double factor, float[] mean, float[] std) {
        float[][] out = new float[3][256];
        for (int c = 0; c < 3; c++) {
            for (int v = 0; v < 256; v++) {
                out[c][v] = ((float) (v * factor) - mean[c]) / std[c];
            }
        }
        return out;
    }
}
