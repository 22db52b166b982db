package dev.pg.core;

import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;

/**
 * How untrusted JSON is read here: as a stream, in UTF-8, without duplicate keys, a few levels deep. What it costs in memory is
 * proportional to the text.
 */
final class StrictJson {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(TokenStreamFactory.Feature.CHARSET_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(16)
                    .maxNameLength(1000)
                    .build())
            .build();

    private StrictJson() {}

    /** A parser that stands on the opening brace of the one object that {@code text} must be. */
    static JsonParser object(byte[] text) {
        JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text);
        parser.nextToken();
        if (!parser.isExpectedStartObjectToken()) {
            throw new StreamReadException(parser, "expected a JSON object");
        }
        return parser;
    }

    /** The next value, which must be a string. */
    static String nextString(JsonParser parser, String what) {
        String value = parser.nextStringValue();
        if (value == null) {
            throw new StreamReadException(parser, what + " is not a string");
        }
        return value;
    }

    /** Checks that nothing follows the object. */
    static void end(JsonParser parser) {
        if (parser.nextToken() != null) {
            throw new StreamReadException(parser, "text after the closing brace");
        }
    }

    /** Moves to the next key of the current object; null at its end. */
    static String nextName(JsonParser parser) {
        String name = parser.nextName();
        if (name == null && parser.currentToken() == null) {
            throw new StreamReadException(parser, "the text ends inside an object");
        }
        return name;
    }
}
