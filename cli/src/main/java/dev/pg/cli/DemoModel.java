package dev.pg.cli;

import dev.pg.core.PgException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;

/** The small model inside the jar, for whoever has no checkpoint yet. Its model card lies beside it. */
final class DemoModel {
    private DemoModel() {}

    private static final Path FOLDER = open();

    /** The checkpoint's directory, inside the jar. */
    static Path directory() {
        return FOLDER.resolve("paligemma2-demo");
    }

    /** The decoder that belongs to its {@code <seg>} tokens. */
    static Path maskDecoder() {
        return FOLDER.resolve("vae-demo.safetensors");
    }

    private static Path open() {
        try {
            URI card = DemoModel.class.getResource("/demo-model/README.md").toURI();
            if (card.getScheme().equals("jar")) {
                // Stays open until the JVM ends, as long as the model may be read.
                FileSystems.newFileSystem(card, Map.of());
            }
            return Path.of(card).getParent();
        } catch (IOException | URISyntaxException e) {
            throw new PgException("the demo model inside the jar cannot be opened: " + e.getMessage(), e);
        }
    }
}
