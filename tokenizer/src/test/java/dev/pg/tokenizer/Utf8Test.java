package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class Utf8Test {
    private static final int[] EDGES = {
        0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEE, 0xEF,
        0xF0, 0xF1, 0xF4, 0xF5, 0xFF
    };

    /** The platform's strict decoder is the oracle, over every pair of bytes and a grid of longer strings. */
    @Test
    void agreesWithThePlatformOnWhatACharacterIs() {
        for (int first = 0; first < 256; first++) {
            check((byte) first);
            for (int second = 0; second < 256; second++) {
                check((byte) first, (byte) second);
            }
        }
        for (int first : EDGES) {
            for (int second : EDGES) {
                for (int third : EDGES) {
                    check((byte) first, (byte) second, (byte) third);
                    check((byte) first, (byte) second, (byte) third, (byte) 0x80);
                    check((byte) first, (byte) second, (byte) third, (byte) 0xC0);
                }
            }
        }
    }

    private static void check(byte... bytes) {
        int length = 0;
        for (int end = 1; end <= bytes.length && length == 0; end++) {
            length = isOneCharacter(bytes, end) ? end : 0;
        }
        int found = Utf8.character(bytes, 0, bytes.length);
        if (length > 0) {
            assertThat(found).isEqualTo(length);
        } else {
            assertThat(found).isNotPositive();
        }
        if (found == -1) {
            assertThat(bytes.length).isLessThan(Utf8.announcedLength(bytes[0]));
        }
    }

    private static boolean isOneCharacter(byte[] bytes, int length) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, length))
                    .toString();
            return text.codePointCount(0, text.length()) == 1;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    @Test
    void everyScalarValueSurvives() {
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
                byte[] bytes = Utf8.encode(Character.toString(c));
                boolean survives = Utf8.character(bytes, 0, bytes.length) == bytes.length
                        && Utf8.codePoint(bytes, 0, bytes.length) == c
                        && Utf8.previous(bytes, 0, bytes.length) == 0;
                if (!survives) {
                    fail("U+%04X", c);
                }
            }
        }
    }
}
