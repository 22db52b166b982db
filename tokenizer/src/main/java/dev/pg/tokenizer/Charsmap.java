package dev.pg.tokenizer;

import com.google.protobuf.ByteString;
import dev.pg.core.PgException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A compiled table of replacements (SentencePiece's {@code precompiled_charsmap}): a double-array trie of what is replaced, as the
 * darts-clone library writes it, whose values point into a list of zero-terminated replacements. The table comes from a file
 * and is not trusted: every index is checked where it is used. Immutable.
 */
final class Charsmap {
    private final String source;
    private final int[] units;
    private final byte[] replacements;

    /**
     * @param blob size of the trie in bytes (little endian), trie, replacements
     * @param source the file, for messages
     */
    Charsmap(ByteString blob, String source) {
        this.source = source;
        ByteBuffer bytes = blob.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        long trieBytes = bytes.remaining() < 4 ? -1 : Integer.toUnsignedLong(bytes.getInt());
        if (trieBytes < 4 || trieBytes >= bytes.remaining() || trieBytes % 4 != 0) {
            throw broken();
        }
        units = new int[(int) trieBytes / 4];
        bytes.asIntBuffer().get(units);
        bytes.position(bytes.position() + (int) trieBytes);
        replacements = new byte[bytes.remaining()];
        bytes.get(replacements);
        if (replacements[replacements.length - 1] != 0) {
            throw broken();
        }
    }

    /** What replaces the longest match at a place: {@code replacements[from, to)} stands for {@code length} bytes of text. */
    static final class Match {
        int length;
        int from;
        int to;
    }

    /**
     * Finds the longest replaceable text that starts at {@code at}.
     *
     * @param match filled in if there is one
     * @return whether there is one
     */
    boolean find(byte[] text, int at, int end, Match match) {
        int longest = 0;
        int value = 0;
        int node = offset(units[0]);
        for (int i = at; i < end; i++) {
            int b = text[i] & 0xFF;
            node ^= b;
            int unit = unit(node);
            if ((unit & ((1 << 31) | 0xFF)) != b) { // the label; a leaf has the highest bit set and so matches nothing
                break;
            }
            node ^= offset(unit);
            if ((unit & (1 << 8)) != 0) {
                longest = i + 1 - at;
                value = unit(node) & Integer.MAX_VALUE;
            }
        }
        if (longest == 0) {
            return false;
        }
        if (value >= replacements.length) {
            throw broken();
        }
        int stop = value;
        while (replacements[stop] != 0) {
            stop++;
        }
        match.length = longest;
        match.from = value;
        match.to = stop;
        return true;
    }

    /** The block that {@link Match#from} and {@link Match#to} point into. */
    byte[] replacements() {
        return replacements;
    }

    private int unit(int index) {
        if (index < 0 || index >= units.length) {
            throw broken();
        }
        return units[index];
    }

    /** darts-clone, DoubleArrayUnit::offset. */
    private static int offset(int unit) {
        return (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
    }

    private PgException broken() {
        return new PgException(source + ": its table of character normalisations is damaged; fetch the file again");
    }
}
