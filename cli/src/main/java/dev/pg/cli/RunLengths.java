package dev.pg.cli;

import dev.pg.model.task.ObjectMask;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A mask as JSON: COCO's uncompressed run lengths ({@code cocoapi}, {@code PythonAPI/pycocotools/mask.py}), which
 * {@code pycocotools.mask.frPyObjects} reads. Runs go down the columns, from left to right, and begin with pixels outside.
 */
final class RunLengths {
    private RunLengths() {}

    static ObjectNode of(ObjectMask mask, int width, int height) {
        ObjectNode object = CompletionJson.object();
        object.putArray("size").add(height).add(width);
        ArrayNode counts = object.putArray("counts");
        boolean inside = false;
        int run = 0;
        for (int x = 0; x < width; x++) {
            for (int y = 0; y < height; y++) {
                if (mask.contains(x, y) != inside) {
                    counts.add(run);
                    inside = !inside;
                    run = 0;
                }
                run++;
            }
        }
        counts.add(run);
        return object;
    }
}
