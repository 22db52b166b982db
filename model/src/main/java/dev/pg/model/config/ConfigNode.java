package dev.pg.model.config;

import dev.pg.core.JsonTree;
import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * One JSON object of a configuration file, with typed access that names file and key when a value is not what it must be. A key
 * that is absent or null gives the default. Immutable and thread-safe.
 */
public final class ConfigNode {
    /** Real files have a few kilobytes; a larger one is not a configuration. */
    private static final long MAX_BYTES = 16 << 20;

    private final String place;
    private final JsonNode node;

    private ConfigNode(String place, JsonNode node) {
        this.place = place;
        this.node = node;
    }

    /**
     * Reads {@code file}.
     *
     * @throws PgException if it cannot be read or is not a JSON object
     */
    public static ConfigNode read(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new PgException(file + ": " + Files.size(file) + " bytes are too many for a configuration file");
            }
            JsonNode root = JsonTree.read(Files.readAllBytes(file));
            if (!root.isObject()) {
                throw new PgException(file + ": is not a JSON object; download the file again");
            }
            return new ConfigNode(file.toString(), root);
        } catch (JacksonException e) {
            throw new PgException(file + ": is not valid JSON (" + e.getOriginalMessage() + "); download it again", e);
        } catch (IOException e) {
            throw PgException.cannotRead(file, e);
        }
    }

    /** True if {@code key} stands here with a value other than null. */
    public boolean has(String key) {
        return node.hasNonNull(key);
    }

    /** True if {@code key} stands here with the value null. */
    public boolean isNull(String key) {
        JsonNode value = node.get(key);
        return value != null && value.isNull();
    }

    /** True if a string stands at {@code key}. */
    public boolean isText(String key) {
        JsonNode value = node.get(key);
        return value != null && value.isString();
    }

    /** The keys whose value is not null, false, or an empty string, list or object. */
    public List<String> keys() {
        return node.propertyStream()
                .filter(property -> !isEmpty(property.getValue()))
                .map(Map.Entry::getKey)
                .toList();
    }

    private static boolean isEmpty(JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.booleanValue())
                || (value.isContainer() && value.isEmpty())
                || (value.isString() && value.stringValue().isEmpty());
    }

    /** The object at {@code key}, empty if absent. */
    public ConfigNode object(String key) {
        JsonNode value = node.get(key);
        if (value == null || value.isNull()) {
            return new ConfigNode(place + ": " + key, JsonTree.object());
        }
        if (!value.isObject()) {
            throw wrong(key, "an object");
        }
        return new ConfigNode(place + ": " + key, value);
    }

    /** A string. */
    public String text(String key, String otherwise) {
        JsonNode value = node.get(key);
        if (value == null || value.isNull()) {
            return otherwise;
        }
        if (!value.isString()) {
            throw wrong(key, "a string");
        }
        return value.stringValue();
    }

    /** A boolean. */
    public boolean bool(String key, boolean otherwise) {
        JsonNode value = node.get(key);
        if (value == null || value.isNull()) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw wrong(key, "true or false");
        }
        return value.booleanValue();
    }

    /** A whole number in [{@code min}, {@code max}]. */
    public int integer(String key, int otherwise, int min, int max) {
        JsonNode value = node.get(key);
        return value == null || value.isNull() ? otherwise : integer(key, value, min, max);
    }

    /** A whole number from 1 to 2^20: a size of something. */
    public int size(String key, int otherwise) {
        return integer(key, otherwise, 1, 1 << 20);
    }

    /** A finite number above zero. */
    public double positive(String key, double otherwise) {
        JsonNode value = node.get(key);
        if (value == null || value.isNull()) {
            return otherwise;
        }
        if (!value.isNumber() || !(value.doubleValue() > 0) || Double.isInfinite(value.doubleValue())) {
            throw wrong(key, "a number above 0");
        }
        return value.doubleValue();
    }

    /** One whole number or a list of them, none negative; empty if absent. */
    public List<Integer> integers(String key) {
        JsonNode value = node.get(key);
        List<Integer> out = new ArrayList<>();
        if (value == null || value.isNull()) {
            return out;
        }
        if (value.isArray()) {
            for (JsonNode element : value) {
                out.add(integer(key, element, 0, Integer.MAX_VALUE));
            }
        } else {
            out.add(integer(key, value, 0, Integer.MAX_VALUE));
        }
        return out;
    }

    /** A list of strings; empty if absent. */
    public List<String> texts(String key) {
        JsonNode value = node.get(key);
        List<String> out = new ArrayList<>();
        if (value == null || value.isNull()) {
            return out;
        }
        if (!value.isArray()) {
            throw wrong(key, "a list of strings");
        }
        for (JsonNode element : value) {
            if (!element.isString()) {
                throw wrong(key, "a list of strings");
            }
            out.add(element.stringValue());
        }
        return out;
    }

    /** An error about {@code key}: the place, the value that stands there, what was expected. */
    public PgException wrong(String key, String expected) {
        String value = String.valueOf(node.get(key));
        String shown = value.length() > 60 ? value.substring(0, 60) + "…" : value;
        return new PgException(place + ": \"" + key + "\" is " + shown + ", expected " + expected);
    }

    private int integer(String key, JsonNode value, int min, int max) {
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < min || value.intValue() > max) {
            throw wrong(key, "a whole number from " + min + " to " + max);
        }
        return value.intValue();
    }

    /** The file, and the way to this object in it. */
    @Override
    public String toString() {
        return place;
    }
}
