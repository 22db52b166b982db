package dev.pg.core;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.TokenStreamLocation;
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

    /** What is wrong, and at which byte of the file, if the text begins at byte {@code start} of it. */
    static String describe(JacksonException e, long start) {
        TokenStreamLocation at = e.getLocation();
        boolean known = at != null && at.getByteOffset() >= 0;
        // A dump of the parser's own settings, where it means to say where an unclosed bracket was.
        String what = e.getOriginalMessage().replaceFirst(" \\(start marker at \\[Source: REDACTED.*", "");
        return (known ? "at byte " + (start + at.getByteOffset()) + ": " : "") + what;
    }

    /** Checks that nothing follows the object. */
    static void end(JsonParser parser) {
        if (parser.nextToken() != null) {
            throw new StreamReadException(parser, "text after the closing brace");
        }
    }
}
