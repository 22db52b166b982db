package dev.pg.tokenizer;

import java.nio.charset.StandardCharsets;

/** UTF-8 as SentencePiece reads it: strict (no surrogates, no overlong forms), one bad byte at a time. */
final class Utf8 {
    /** U+2581 LOWER ONE EIGHTH BLOCK, which stands for a space inside pieces. */
    static final char SPACE_MARK = '▁';

    private Utf8() {}

    /** The bytes of a text; a lone surrogate, which UTF-8 cannot write, becomes U+FFFD. */
    static byte[] encode(String text) {
        return (hasLoneSurrogate(text) ? replaceLoneSurrogates(text) : text).getBytes(StandardCharsets.UTF_8);
    }

    private static boolean hasLoneSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!Character.isSupplementaryCodePoint(text.codePointAt(i))) {
                    return true;
                }
                i++;
            }
        }
        return false;
    }

    private static String replaceLoneSurrogates(String text) {
        int[] scalars = text.codePoints()
                .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
                .toArray();
        return new String(scalars, 0, scalars.length);
    }

    /** How many bytes the character that starts with this byte should have; 1 for a byte that starts none. */
    static int announcedLength(byte lead) {
        int high = (lead & 0xFF) >> 4;
        return switch (high) {
            case 0xC, 0xD -> 2;
            case 0xE -> 3;
            case 0xF -> 4;
            default -> 1;
        };
    }

    /** {@link #announcedLength}, but not beyond the end. */
    static int length(byte[] bytes, int at, int end) {
        return Math.min(announcedLength(bytes[at]), end - at);
    }

    /**
     * Looks for one well-formed character.
     *
     * @return its length in bytes (1 to 4); 0 if the byte at {@code at} starts none; -1 if the bytes end inside of what may become one
     */
    static int character(byte[] bytes, int at, int end) {
        int lead = bytes[at] & 0xFF;
        if (lead < 0x80) {
            return 1;
        }
        if (lead < 0xC2 || lead > 0xF4) {
            return 0;
        }
        int length = announcedLength((byte) lead);
        for (int i = 1; i < length; i++) {
            if (at + i == end) {
                return -1;
            }
            if ((bytes[at + i] & 0xC0) != 0x80) {
                return 0;
            }
        }
        int second = bytes[at + 1] & 0xFF;
        boolean overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
        boolean surrogateOrTooLarge = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
        return overlong || surrogateOrTooLarge ? 0 : length;
    }

    /** The character that starts at {@code at} in well-formed text. */
    static int codePoint(byte[] bytes, int at, int end) {
        return decode(bytes, at, at + length(bytes, at, end)).codePointAt(0);
    }

    /** Where the character that ends at {@code at} starts, in well-formed text. */
    static int previous(byte[] bytes, int begin, int at) {
        int start = at - 1;
        while (start > begin && (bytes[start] & 0xC0) == 0x80) {
            start--;
        }
        return start;
    }

    static String decode(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }
}
