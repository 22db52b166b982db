package dev.pg.model.image;

import dev.pg.core.JsonTree;
import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What a model directory says about its pictures, in {@code preprocessor_config.json} or under {@code "image_processor"} in {@code
 * processor_config.json}, where newer versions write it. Absent keys have transformers' defaults; so has everything if there is
 * neither file. Immutable and thread-safe.
 */
final class Preprocessing {
    private static final double RESCALE = 1.0 / 255;

    /** Of patches, and of their side: what no model comes near. */
    private static final int LARGEST = 1 << 16;

    private final Path file;
    private final JsonNode config;

    private Preprocessing(Path file, JsonNode config) {
        this.file = file;
        this.config = config;
    }

    /** @throws PgException if the file cannot be read */
    static Preprocessing open(Path directory) {
        Path file = directory.resolve("preprocessor_config.json");
        if (Files.exists(file)) {
            return new Preprocessing(file, object(parse(file), file));
        }
        file = directory.resolve("processor_config.json");
        JsonNode nested = Files.exists(file) ? parse(file).path("image_processor") : null;
        return nested != null && nested.isObject() ? new Preprocessing(file, nested) : defaults();
    }

    /** Nothing said, everything as transformers has it. */
    static Preprocessing defaults() {
        return new Preprocessing(Path.of("preprocessor_config.json"), JsonTree.object());
    }

    private static JsonNode object(JsonNode node, Path file) {
        if (!node.isObject()) {
            throw new PgException(file + ": expected a JSON object");
        }
        return node;
    }

    private static JsonNode parse(Path file) {
        try {
            return JsonTree.read(Files.readAllBytes(file));
        } catch (IOException | JacksonException e) {
            throw new PgException(
                    file + ": cannot be read as JSON: "
                            + e.getMessage().lines().findFirst().orElse(""),
                    e);
        }
    }

    /**
     * The size that every picture is stretched to.
     *
     * @param imageSize side of the square, where the file does not say
     */
    Size size(int imageSize) {
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
        return new Size(width, height);
    }

    /**
     * How many patches a picture may have (NaFlex), 256 unless the file says otherwise.
     *
     * @throws PgException if the file says another patch size than the tower's
     */
    int maxPatches(int patchSize) {
        int said = whole("patch_size", patchSize);
        if (said != patchSize) {
            throw new PgException(file + ": \"patch_size\" is " + said + ", config.json expects " + patchSize
                    + "; the files belong to different checkpoints");
        }
        return whole("max_num_patches", 256);
    }

    private int whole(String key, int fallback) {
        JsonNode value = config.path(key);
        if (value.isMissingNode() || value.isNull()) {
            return fallback;
        }
        if (!value.isInt() || value.intValue() < 1 || value.intValue() > LARGEST) {
            throw new PgException(
                    file + ": \"" + key + "\" is " + value + "; expected a whole number from 1 to " + LARGEST);
        }
        return value.intValue();
    }

    boolean resize() {
        return flag("do_resize");
    }

    Filter filter(Filter fallback) {
        JsonNode code = config.path("resample");
        if (code.isMissingNode() || code.isNull()) {
            return fallback;
        }
        return Arrays.stream(Filter.values())
                .filter(f -> code.isInt() && f.code() == code.intValue())
                .findFirst()
                .orElseThrow(() -> new PgException(
                        file + ": \"resample\" is " + code + "; supported are 2 (bilinear) and 3 (bicubic)"));
    }

    /**
     * What each byte becomes in each channel, [3 × 256]: what numpy computes in {@code image_transforms.rescale} and {@code
     * normalize}, a product in double, rounded to float, then a difference and a quotient in float.
     */
    float[][] values() {
        boolean rescale = flag("do_rescale");
        boolean normalize = flag("do_normalize");
        float[] mean = normalize ? channels("image_mean") : new float[3];
        float[] std = normalize ? channels("image_std") : new float[] {1, 1, 1};
        for (float deviation : std) {
            if (deviation == 0) {
                throw new PgException(file + ": \"image_std\" must not be 0, as it divides");
            }
        }
        double factor = rescale ? number(config.path("rescale_factor"), RESCALE, "rescale_factor") : 1;
        float[][] out = new float[3][256];
        for (int c = 0; c < 3; c++) {
            for (int v = 0; v < 256; v++) {
                out[c][v] = ((float) (v * factor) - mean[c]) / std[c];
            }
        }
        return out;
    }

    private boolean flag(String key) {
        JsonNode value = config.path(key);
        if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
            throw new PgException(file + ": \"" + key + "\" is " + value + "; expected true or false");
        }
        return value.asBoolean(true);
    }

    private float[] channels(String key) {
        JsonNode value = config.path(key);
        float[] out = new float[3];
        for (int c = 0; c < 3; c++) {
            out[c] = (float) number(value.isArray() ? value.path(c) : value, 0.5, key);
        }
        if (value.isArray() && value.size() != 3) {
            throw new PgException(file + ": \"" + key + "\" is " + value + "; expected three numbers");
        }
        return out;
    }

    private double number(JsonNode value, double fallback, String key) {
        if (value.isMissingNode() || value.isNull()) {
            return fallback;
        }
        if (!value.isNumber()) {
            throw new PgException(file + ": \"" + key + "\" holds " + value + "; expected a number");
        }
        return value.doubleValue();
    }
}
