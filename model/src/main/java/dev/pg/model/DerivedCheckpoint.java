package dev.pg.model;

import dev.pg.core.AtomicDirectory;
import dev.pg.core.Checkpoint;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** A checkpoint directory that is another one with other weights: all files but the weights are copied. */
public final class DerivedCheckpoint {
    /** The file of the weights. */
    public static final String WEIGHTS = "model.safetensors";

    /** What holds the base's weights, in any format; all other files belong to the result too. */
    private static final Pattern WEIGHT_FILES =
            Pattern.compile("(model|pytorch_model|tf_model|flax_model|consolidated).*"
                    + "\\.(safetensors|bin|pth?|h5|msgpack)|.*\\.index\\.json|.*\\.(gguf|onnx)|\\..*");

    private DerivedCheckpoint() {}

    /**
     * Writes the directory completely or not at all, see {@link AtomicDirectory}.
     *
     * @param out a directory that does not exist or is empty
     * @param weights writes {@link #WEIGHTS}, and may change the copied files
     * @throws dev.pg.core.PgException if it cannot be written
     */
    public static void write(Checkpoint base, Path out, AtomicDirectory.Content weights) {
        AtomicDirectory.write(out, directory -> {
            copyFiles(base.directory(), directory);
            weights.write(directory);
        });
    }

    private static void copyFiles(Path from, Path to) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(from, Files::isRegularFile)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                if (!WEIGHT_FILES.matcher(name).matches()) {
                    Files.copy(file, to.resolve(name));
                }
            }
        }
    }
}
