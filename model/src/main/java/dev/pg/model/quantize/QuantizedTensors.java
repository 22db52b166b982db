package dev.pg.model.quantize;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pg.core.DType;
import dev.pg.core.JsonTree;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.kernels.Quantization;
import dev.pg.kernels.QuantizedWeights;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The quantised matrices of a safetensors file. In place of a tensor {@code N} [rows × cols] there are two:
 *
 * <pre>
 *   N.q8 or N.q4   U8 [⌈rows/64⌉ × ⌈cols/16⌉ × bytes]   codes and weights, in the layout of {@link Quantization}
 *   N.levels       F32 [16]                             the levels that the codes choose from
 * </pre>
 *
 * and the file's metadata, which holds nothing but strings, says
 *
 * <pre>
 *   pg.quantized.version      3, this format
 *   pg.quantized.group_size   16, inputs that share a scale and a zero point
 *   pg.quantized.shapes       {"N": [rows, cols], ...} as JSON, one entry for each quantised matrix
 * </pre>
 *
 * All other tensors are as in any checkpoint. Immutable, and as thread-safe as the memory behind it.
 */
public final class QuantizedTensors {
    private static final String VERSION_KEY = "pg.quantized.version";
    private static final String GROUP_KEY = "pg.quantized.group_size";
    private static final String SHAPES_KEY = "pg.quantized.shapes";

    private static final int VERSION = 3;
    private static final String LEVELS = ".levels";
    private static final String PREFIX = "pg.quantized.";

    private final Map<String, QuantizedWeights> weights = new LinkedHashMap<>();
    private final Set<String> parts = new HashSet<>();

    private QuantizedTensors() {}

    /**
     * Finds the quantised matrices among the tensors of a file or checkpoint.
     *
     * @param place for messages: the file or directory
     * @throws PgException if they were written by a newer version, if the metadata does not fit them, or if one is incomplete
     */
    public static QuantizedTensors of(Object place, Map<String, Tensor> tensors, Map<String, String> metadata) {
        QuantizedTensors found = new QuantizedTensors();
        if (!areIn(metadata)) {
            return found;
        }
        int version = number(place, metadata, VERSION_KEY);
        if (version != VERSION) {
            throw new PgException(place + ": is quantised in format " + version + ", this pg reads " + VERSION + "; "
                    + (version > VERSION ? "use a newer pg" : "quantise the original again"));
        }
        int group = number(place, metadata, GROUP_KEY);
        if (group != Quantization.GROUP) {
            throw new PgException(place + ": is quantised in groups of " + group + ", this pg reads groups of "
                    + Quantization.GROUP + "; quantise the original again");
        }
        shapes(place, metadata)
                .properties()
                .forEach(entry -> found.add(place, entry.getKey(), entry.getValue(), tensors));
        for (String name : tensors.keySet()) {
            if (!found.parts.contains(name) && base(name) != null) {
                throw new PgException(place + ": has a tensor \"" + name + "\", but its metadata give no shape of \""
                        + base(name) + "\"; the file is damaged, quantise the original again");
            }
        }
        return found;
    }

    /** True if a file of these metadata holds quantised matrices, of whatever version. */
    public static boolean areIn(Map<String, String> metadata) {
        return metadata.keySet().stream().anyMatch(key -> key.startsWith(PREFIX));
    }

    private static int number(Object place, Map<String, String> metadata, String key) {
        String value = metadata.get(key);
        if (value == null || !value.matches("[1-9][0-9]{0,8}")) {
            throw new PgException(place + ": its metadata say " + key + " = " + value
                    + ", no number; the file is damaged, quantise the original again");
        }
        return Integer.parseInt(value);
    }

    private static ObjectNode shapes(Object place, Map<String, String> metadata) {
        try {
            if (JsonTree.read(metadata.getOrDefault(SHAPES_KEY, "").getBytes(UTF_8)) instanceof ObjectNode shapes) {
                return shapes;
            }
        } catch (JacksonException notJson) {
            // Reported below, as any other value that is none.
        }
        throw new PgException(place + ": its metadata lack a JSON object " + SHAPES_KEY
                + "; the file is damaged, quantise the original again");
    }

    private void add(Object place, String name, JsonNode shape, Map<String, Tensor> tensors) {
        if (shape.size() != 2 || !isSize(shape.path(0)) || !isSize(shape.path(1))) {
            throw new PgException(place + ": its metadata give \"" + name + "\" the shape " + shape
                    + ", not that of a matrix; the file is damaged, quantise the original again");
        }
        Quantization format = format(place, name, tensors);
        Tensor packed = tensors.get(packedName(name, format));
        Tensor levels = tensors.get(name + LEVELS);
        if (levels == null || levels.dtype() != DType.F32 || packed.dtype() != DType.U8) {
            throw new PgException(place + ": \"" + packed.name() + "\" needs U8 weights and F32 \"" + name + LEVELS
                    + "\" beside them, which are missing or of another type; quantise the original again");
        }
        try {
            QuantizedWeights matrix = QuantizedWeights.of(
                    name, shape.get(0).intValue(), shape.get(1).intValue(), format, packed, levels.toFloats());
            weights.put(name, matrix);
        } catch (PgException e) {
            throw new PgException(place + ": " + e.getMessage(), e);
        }
        parts.add(packed.name());
        parts.add(levels.name());
    }

    private static boolean isSize(JsonNode size) {
        return size.isInt() && size.intValue() > 0;
    }

    private static Quantization format(Object place, String name, Map<String, Tensor> tensors) {
        Quantization found = null;
        for (Quantization format : Quantization.values()) {
            if (tensors.containsKey(packedName(name, format))) {
                if (found != null) {
                    throw new PgException(place + ": holds \"" + name + "\" as " + found + " and as " + format
                            + "; quantise the original again");
                }
                found = format;
            }
        }
        if (found == null) {
            throw new PgException(place + ": lacks the weights of \"" + name
                    + "\", which its metadata promise; the file is damaged, quantise the original again");
        }
        return found;
    }

    /** The matrix that {@code name} is a part of, or null. */
    private static String base(String name) {
        for (Quantization format : Quantization.values()) {
            String suffix = packedName("", format);
            if (name.endsWith(suffix)) {
                return name.substring(0, name.length() - suffix.length());
            }
        }
        return null;
    }

    /** The quantised matrices, by the names of those they stand for. */
    public Map<String, QuantizedWeights> weights() {
        return Collections.unmodifiableMap(weights);
    }

    /** True if a tensor of the file is but a part of a quantised matrix. */
    public boolean isPart(String name) {
        return parts.contains(name);
    }

    /** What the packed bytes of a matrix are called. */
    static String packedName(String name, Quantization format) {
        return name
                + switch (format) {
                    case Q8 -> ".q8";
                    case Q4 -> ".q4";
                };
    }

    /** What the levels of a matrix are called. */
    static String levelsName(String name) {
        return name + LEVELS;
    }

    /**
     * The metadata of a file.
     *
     * @param others that it has anyway
     * @param shapes of the quantised matrices, by name
     */
    static Map<String, String> metadata(Map<String, String> others, Map<String, long[]> shapes) {
        ObjectNode sizes = JsonTree.object();
        shapes.forEach((name, shape) -> {
            ArrayNode both = sizes.putArray(name);
            for (long size : shape) {
                both.add(size);
            }
        });
        Map<String, String> all = new TreeMap<>(others);
        all.put(VERSION_KEY, Integer.toString(VERSION));
        all.put(GROUP_KEY, Integer.toString(Quantization.GROUP));
        all.put(SHAPES_KEY, sizes.toString());
        return all;
    }
}
