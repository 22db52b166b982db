package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.config.Architecture;
import dev.pg.model.config.ConfigNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * An open checkpoint directory in the layout of Hugging Face. {@link #open} looks at its {@code config.json} and returns what it is.
 * Weights are mapped, not read, so opening costs milliseconds whatever the size; {@link ModelOptions} can ask for another place.
 *
 * <p>Thread-safe: calls from several threads queue, because each uses all workers of the model. {@link #close} waits for the call
 * under way; later calls throw {@link IllegalStateException}.
 */
public sealed interface Model extends AutoCloseable permits TextGenerator, Embedder {
    /** Opens {@code directory} with {@link ModelOptions#DEFAULT}, as {@link #open(Path, ModelOptions)}. */
    static Model open(Path directory) {
        return open(directory, ModelOptions.DEFAULT);
    }

    /**
     * Opens {@code directory}.
     *
     * @throws PgException if it is not a checkpoint directory, of an unknown architecture, incomplete or damaged
     */
    static Model open(Path directory, ModelOptions options) {
        ConfigNode config = config(directory);
        Architecture architecture = Architecture.of(config);
        Engine engine = new Engine(directory, config, options);
        try {
            Model model = switch (architecture) {
                case PALIGEMMA -> new PaliGemma(engine);
                case COLPALI -> new ColPali(engine);
                case GEMMA, GEMMA2 -> new TextModel(engine, architecture);
                case SIGLIP, SIGLIP_NAFLEX, SIGLIP_VISION, SIGLIP_NAFLEX_VISION -> new SigLip(engine, architecture);
            };
            engine.tensors().checkComplete();
            return model;
        } catch (RuntimeException e) {
            engine.close();
            throw e;
        }
    }

    /**
     * Reads the configuration of the checkpoint in {@code directory}, whatever its architecture.
     *
     * @throws PgException if it is not a checkpoint directory, or its configuration is damaged
     */
    static ConfigNode config(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new PgException(directory + ": " + (Files.exists(directory) ? "not a directory" : "no such directory")
                    + "; give the folder that holds config.json and model.safetensors");
        }
        if (Adapter.isIn(directory)) {
            throw new PgException(
                    directory + ": an adapter, not a model; open the model that it adapts, and it as an adapter");
        }
        Path file = directory.resolve("config.json");
        if (!Files.exists(file)) {
            throw new PgException(directory + ": no config.json in it; give the folder of a downloaded checkpoint");
        }
        return ConfigNode.read(file);
    }

    /**
     * Opens {@code directory} as a model of one kind.
     *
     * @throws PgException as {@link #open(Path, ModelOptions)}, or if it is of another kind; the message says what it can do
     */
    static <T extends Model> T open(Path directory, ModelOptions options, Class<T> kind) {
        Model model = open(directory, options);
        if (kind.isInstance(model)) {
            return kind.cast(model);
        }
        model.close();
        throw new PgException(directory + ": a " + model.architecture().title() + " checkpoint, which "
                + model.architecture().abilities() + "; this asks for a " + kind.getSimpleName());
    }

    /** The directory it was opened from. */
    Path directory();

    /** What kind of checkpoint it is, and so what it can do. */
    Architecture architecture();

    /** What its computations use. */
    ModelOptions options();

    /**
     * The same model with these adapters instead of those it has, side by side with weights that stay where they are: one base serves
     * any number of adapters, and a call chooses among them by the model that it is made on. Costs milliseconds, and memory for the
     * adapters alone.
     *
     * @param adapters in any order; those of one layer are summed; none gives the base
     * @return a model that works until this one is closed, takes turns with it, and need not be closed itself
     * @throws PgException if one of them does not fit the model
     */
    Model withAdapters(List<Adapter> adapters);

    @Override
    void close();
}
