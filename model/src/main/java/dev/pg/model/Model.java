package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.model.config.ConfigNode;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An open checkpoint directory in the layout of Hugging Face. {@link #open} looks at its {@code config.json} and returns what it is.
 * Weights are mapped, not read, so opening costs milliseconds whatever the size; {@link ModelOptions} can ask for another place.
 *
 * <p>Thread-safe: calls from several threads queue, because each uses all workers of the model. {@link #close} waits for the call
 * under way; later calls throw {@link IllegalStateException}.
 */
public sealed interface Model extends AutoCloseable permits TextGenerator, VisionModel {
    /**
     * Opens {@code directory}.
     *
     * @throws PgException if it is not a checkpoint directory, of an unknown architecture, incomplete or damaged
     */
    static Model open(Path directory, ModelOptions options) {
        if (!Files.isDirectory(directory)) {
            throw new PgException(directory + ": " + (Files.exists(directory) ? "not a directory" : "no such directory")
                    + "; give the folder that holds config.json and model.safetensors");
        }
        Path file = directory.resolve("config.json");
        if (!Files.exists(file)) {
            throw new PgException(directory + ": no config.json in it; give the folder of a downloaded checkpoint");
        }
        ConfigNode config = ConfigNode.read(file);
        String type = config.text("model_type", "missing");
        if (!type.equals("paligemma")
                && !type.equals("gemma")
                && !type.equals("gemma2")
                && !type.equals("siglip_vision_model")) {
            throw new PgException(file + ": model_type \"" + type
                    + "\" is not supported; pg runs paligemma, gemma, gemma2 and siglip_vision_model");
        }
        Engine engine = new Engine(directory, config, options);
        try {
            return switch (type) {
                case "paligemma" -> new PaliGemma(engine);
                case "siglip_vision_model" -> new VisionModel(engine);
                default -> new TextModel(engine);
            };
        } catch (RuntimeException e) {
            engine.close();
            throw e;
        }
    }

    /** The directory it was opened from. */
    Path directory();

    /** What its computations use. */
    ModelOptions options();

    @Override
    void close();
}
