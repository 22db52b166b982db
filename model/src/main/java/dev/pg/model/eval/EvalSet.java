package dev.pg.model.eval;

import dev.pg.core.JsonTree;
import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Questions about pictures, and what is right. A folder with {@code truth.json}, whose pictures lie in {@code images/}:
 *
 * <pre>
 *   [{"image": "000.png",
 *     "tasks": [{"type": "color", "prompt": "answer en what color is the star?", "answer": "red"},
 *               {"type": "segment", "prompt": "segment star", "answer": "&lt;loc0281>… star", "size": [160, 120], "mask": [312, 5, …]}]}]
 * </pre>
 *
 * {@code image} may be missing for a text model, and {@code answer} where nothing is known to be right. {@code mask} has the run lengths of a
 * picture of {@code size} (width, height), row by row, beginning with a run that is outside.
 */
public record EvalSet(List<Item> items) {
    private static final String FILE = "truth.json";

    /** One picture, or none, and what is asked about it. */
    public record Item(Optional<Path> image, List<Task> tasks) {}

    /**
     * One question.
     *
     * @param type under which its score is counted
     * @param answer what is right
     * @param mask what is right, as pixels
     */
    public record Task(String type, String prompt, Optional<String> answer, Optional<Mask> mask) {}

    /** Pixels [height × width] that belong to a thing. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Mask(int width, int height, boolean[] inside) {}

    /**
     * Reads a folder.
     *
     * @throws PgException if {@code truth.json} is missing or of another layout
     */
    public static EvalSet read(Path folder) {
        Path file = folder.resolve(FILE);
        try {
            JsonNode root = JsonTree.read(Files.readAllBytes(file));
            if (!root.isArray() || root.isEmpty()) {
                throw new PgException(file + ": is no JSON array of pictures with tasks");
            }
            List<Item> items = new ArrayList<>();
            for (JsonNode item : root) {
                String place = file + ": item " + items.size();
                items.add(item(item, folder, place));
            }
            return new EvalSet(List.copyOf(items));
        } catch (JacksonException e) {
            throw new PgException(file + ": is not valid JSON (" + e.getOriginalMessage() + ")", e);
        } catch (IOException e) {
            throw PgException.cannotRead(file, e);
        }
    }

    private static Item item(JsonNode item, Path folder, String place) {
        if (!item.path("tasks").isArray()) {
            throw new PgException(place + " has no array \"tasks\"");
        }
        Optional<Path> image = item.has("image")
                ? Optional.of(folder.resolve("images").resolve(text(item, "image", place)))
                : Optional.empty();
        List<Task> tasks = new ArrayList<>();
        for (JsonNode task : item.path("tasks")) {
            tasks.add(new Task(
                    text(task, "type", place),
                    text(task, "prompt", place),
                    task.has("answer") ? Optional.of(text(task, "answer", place)) : Optional.empty(),
                    task.has("mask") ? Optional.of(mask(task, place)) : Optional.empty()));
        }
        return new Item(image, List.copyOf(tasks));
    }

    private static String text(JsonNode node, String key, String place) {
        if (!node.path(key).isString()) {
            throw new PgException(place + " has no text \"" + key + "\"");
        }
        return node.path(key).stringValue();
    }

    private static Mask mask(JsonNode task, String place) {
        int width = task.path("size").path(0).asInt(0);
        int height = task.path("size").path(1).asInt(0);
        long pixels = (long) width * height;
        if (width < 1 || height < 1 || pixels > 1 << 28) {
            throw new PgException(place + " has a mask but no \"size\": [width, height]");
        }
        boolean[] inside = new boolean[(int) pixels];
        long at = 0;
        boolean belongs = false;
        for (JsonNode run : task.path("mask")) {
            long end = at + run.asLong(-1);
            if (end < at || end > pixels) {
                throw new PgException(place + " has a mask whose runs do not fit its size");
            }
            Arrays.fill(inside, (int) at, (int) end, belongs);
            at = end;
            belongs = !belongs;
        }
        return new Mask(width, height, inside);
    }
}
