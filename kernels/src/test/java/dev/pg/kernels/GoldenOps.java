package dev.pg.kernels;

import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** The reference values of {@code testdata/golden/ops}: float32 from PyTorch, and float64 truth. */
final class GoldenOps {
    private GoldenOps() {}

    private static final Path FOLDER = Path.of(System.getProperty("pg.testdata"), "golden", "ops");
    private static final Map<String, Tensor> INPUTS = tensors("inputs.safetensors");
    private static final Map<String, Tensor> EXPECTED = tensors("expected.safetensors");
    private static final JsonNode FACTS = json("expected.json").get("tensors");
    private static final List<JsonNode> CASES =
            StreamSupport.stream(json("cases.json").spliterator(), false).toList();

    /** The cases whose name starts with {@code prefix}; never none. */
    static List<JsonNode> cases(String prefix) {
        List<JsonNode> found = CASES.stream()
                .filter(c -> c.get("name").asString().startsWith(prefix))
                .toList();
        if (found.isEmpty()) {
            throw new IllegalArgumentException("no case named " + prefix);
        }
        return found;
    }

    /** Operand {@code i} of a case. */
    static Tensor operand(JsonNode test, int i) {
        return INPUTS.get(test.get("operands").get(i).asString());
    }

    /** What PyTorch computes in float32. */
    static float[] expected(JsonNode test) {
        return EXPECTED.get(test.get("name").asString()).toFloats();
    }

    /** The same in float64. */
    static double[] truth(JsonNode test) {
        return EXPECTED.get("truth." + test.get("name").asString())
                .data()
                .toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
    }

    /** The largest absolute difference that is allowed. */
    static double tolerance(JsonNode test) {
        return FACTS.get(test.get("name").asString())
                .get("suggested_max_abs_tolerance")
                .asDouble();
    }

    private static Map<String, Tensor> tensors(String file) {
        return Safetensors.open(FOLDER.resolve(file), Arena.ofAuto()).tensors();
    }

    private static JsonNode json(String file) {
        return new ObjectMapper().readTree(FOLDER.resolve(file));
    }
}
