package dev.pg.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamReadException;

/**
 * {@code model.safetensors.index.json}: which shard holds which tensor. Untrusted, so a shard must be a plain file name: an index
 * cannot reach out of its directory.
 */
final class ShardIndex {
    private ShardIndex() {}

    /**
     * The file name of the shard of each tensor, in the order of the index.
     *
     * @throws PgException if the file is unreadable or not such an index
     */
    static Map<String, String> read(Path file) {
        try {
            if (Files.size(file) > SafetensorsHeader.MAX_BYTES) {
                throw new PgException(file + ": has " + Files.size(file) + " bytes, the limit is "
                        + SafetensorsHeader.MAX_BYTES + "; download it again");
            }
            return parse(file, Files.readAllBytes(file));
        } catch (IOException e) {
            throw PgException.cannotRead(file, e);
        } catch (JacksonException e) {
            throw new PgException(
                    file + ": is not a valid shard index: " + StrictJson.describe(e, 0) + "; download it again", e);
        }
    }

    private static Map<String, String> parse(Path file, byte[] json) {
        Map<String, String> shards = new LinkedHashMap<>();
        try (JsonParser parser = StrictJson.object(json)) {
            for (String key; (key = parser.nextName()) != null; ) {
                JsonToken value = parser.nextToken();
                if (!key.equals("weight_map")) {
                    parser.skipChildren();
                    continue;
                }
                if (value != JsonToken.START_OBJECT) {
                    throw new StreamReadException(parser, "weight_map is not an object");
                }
                for (String tensor; (tensor = parser.nextName()) != null; ) {
                    String shard = StrictJson.nextString(parser, "shard of \"" + tensor + "\"");
                    if (!isPlainName(shard)) {
                        throw new PgException(file + ": tensor \"" + tensor + "\" is said to be in \"" + shard
                                + "\"; a shard must be a file beside the index");
                    }
                    shards.put(tensor, shard);
                }
            }
            StrictJson.end(parser);
        }
        if (shards.isEmpty()) {
            throw new PgException(file + ": names no tensor in weight_map; download it again");
        }
        return shards;
    }

    private static boolean isPlainName(String shard) {
        if (shard.isEmpty() || shard.equals(".") || shard.equals("..") || shard.contains("\\")) {
            return false;
        }
        try {
            return Path.of(shard).getNameCount() == 1 && !Path.of(shard).isAbsolute();
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
