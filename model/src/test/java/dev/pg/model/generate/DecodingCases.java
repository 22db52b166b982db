package dev.pg.model.generate;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The golden files of testdata/golden-pg/decoding. */
final class DecodingCases {
    private static final JsonMapper JSON = new JsonMapper();

    private DecodingCases() {}

    static List<JsonNode> read(String file) {
        Path path = Path.of(System.getProperty("pg.testdata"), "golden-pg", "decoding", file);
        return elements(JSON.readTree(path).get("cases"));
    }

    static HashedSequences model(JsonNode c) {
        return new HashedSequences(
                new long[] {c.get("seed").asLong()},
                c.get("vocabulary").asInt(),
                c.get("spread").asInt(),
                c.has("stops") ? ints(c.get("stops")) : new int[0],
                c.path("stop_bias").asInt(0));
    }

    static int[] ints(JsonNode array) {
        return elements(array).stream().mapToInt(JsonNode::asInt).toArray();
    }

    static List<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).toList();
    }
}
