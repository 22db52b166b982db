package dev.pg.core;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Small JSON files as trees of Jackson's nodes, the same trees that Jackson's {@code ObjectMapper} reads. The mapper's first use
 * takes a quarter of a second, most of it for reading Java beans, and every command would wait for it; the parser alone takes a third of that.
 * Thread-safe.
 */
public final class JsonTree {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private JsonTree() {}

    /** An empty object. */
    public static ObjectNode object() {
        return NODES.objectNode();
    }

    /**
     * Reads the one value of a text.
     *
     * @return the value; a missing node if there is none
     * @throws JacksonException if it is not JSON, or something follows
     */
    public static JsonNode read(byte[] text) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() == null) {
                return NODES.missingNode();
            }
            JsonNode value = read(parser);
            if (parser.nextToken() != null) {
                throw new StreamReadException(parser, "text behind the end of the value");
            }
            return value;
        }
    }

    /**
     * Reads the value that begins with the current token, and leaves the parser on its last one.
     *
     * @throws JacksonException if it is not JSON
     */
    public static JsonNode read(JsonParser parser) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> readObject(parser);
            case START_ARRAY -> readArray(parser);
            case VALUE_STRING -> NODES.stringNode(parser.getString());
            case VALUE_NUMBER_INT ->
                switch (parser.getNumberType()) {
                    case INT -> NODES.numberNode(parser.getIntValue());
                    case LONG -> NODES.numberNode(parser.getLongValue());
                    default -> NODES.numberNode(parser.getBigIntegerValue());
                };
            case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
            case VALUE_TRUE -> NODES.booleanNode(true);
            case VALUE_FALSE -> NODES.booleanNode(false);
            case VALUE_NULL -> NODES.nullNode();
            default -> throw new StreamReadException(parser, "a value does not begin with " + parser.currentToken());
        };
    }

    private static ObjectNode readObject(JsonParser parser) {
        ObjectNode object = NODES.objectNode();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            parser.nextToken();
            object.set(name, read(parser));
        }
        return object;
    }

    private static ArrayNode readArray(JsonParser parser) {
        ArrayNode array = NODES.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            array.add(read(parser));
        }
        return array;
    }
}
