package dev.pg.cli;

import dev.pg.core.Tensor;
import dev.pg.kernels.QuantizedWeights;
import dev.pg.model.quantize.QuantizedTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a tensor is, without its values.
 *
 * @param type of its elements: {@code BF16}, {@code Q8}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TensorFacts(String name, String type, long[] shape, long bytes) {
    static TensorFacts of(Tensor tensor) {
        return new TensorFacts(
                tensor.name(),
                tensor.dtype().name(),
                tensor.shape(),
                tensor.data().byteSize());
    }

    /** The tensors of a file or checkpoint, quantised matrices as one each. */
    static List<TensorFacts> of(Object place, Map<String, Tensor> tensors, Map<String, String> metadata) {
        QuantizedTensors quantized = QuantizedTensors.of(place, tensors, metadata);
        List<TensorFacts> facts = new ArrayList<>();
        quantized.weights().forEach((name, weights) -> facts.add(of(name, weights)));
        tensors.values().stream()
                .filter(tensor -> !quantized.isPart(tensor.name()))
                .forEach(tensor -> facts.add(of(tensor)));
        return facts;
    }

    private static TensorFacts of(String name, QuantizedWeights weights) {
        return new TensorFacts(name, weights.format(), new long[] {weights.rows(), weights.cols()}, weights.bytes());
    }

    long elements() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    ObjectNode json() {
        ObjectNode object = CompletionJson.object().put("name", name).put("dtype", type);
        ArrayNode sizes = object.putArray("shape");
        for (long size : shape) {
            sizes.add(size);
        }
        return object.put("bytes", bytes);
    }
}
