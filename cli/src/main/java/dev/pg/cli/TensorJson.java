package dev.pg.cli;

import dev.pg.core.Tensor;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a tensor is, without its values, as JSON. */
final class TensorJson {
    private TensorJson() {}

    static ObjectNode of(Tensor tensor) {
        ObjectNode object = CompletionJson.object()
                .put("name", tensor.name())
                .put("dtype", tensor.dtype().name());
        ArrayNode shape = object.putArray("shape");
        for (long size : tensor.shape()) {
            shape.add(size);
        }
        return object.put("bytes", tensor.data().byteSize());
    }
}
