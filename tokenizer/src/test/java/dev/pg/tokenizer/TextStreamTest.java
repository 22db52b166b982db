package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Streamed text is the decoded text, cut only between characters. */
class TextStreamTest {
    static Stream<String> models() {
        return Stream.concat(Cases.MODELS.stream(), Stream.of("golden/paligemma1", "golden/gemma2-text"));
    }

    @ParameterizedTest
    @MethodSource("models")
    void addsUpToTheDecodedText(String name) {
        Tokenizer tokenizer = Tokenizer.open(Cases.TESTDATA.resolve(name));
        Random random = new Random(5);
        for (int round = 0; round < 2000; round++) {
            int[] ids = random.ints(random.nextInt(12), 0, tokenizer.size() + 2).toArray();
            if (random.nextBoolean()) {
                ids = tokenizer.encode(text(random));
            }
            TextStream stream = tokenizer.stream();
            StringBuilder text = new StringBuilder();
            for (int id : ids) {
                text.append(wholeCharacters(stream.push(id)));
            }
            text.append(wholeCharacters(stream.finish()));
            assertThat(text.toString()).isEqualTo(tokenizer.decode(ids));
        }
    }

    private static String wholeCharacters(String text) {
        assertThat(new String(Utf8.encode(text), StandardCharsets.UTF_8))
                .as("no half of a surrogate pair")
                .isEqualTo(text);
        return text;
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        random.ints(random.nextInt(8), 1, 0x11000)
                .map(c -> c % 3 == 0 ? ' ' : c)
                .filter(c -> c < 0xD800 || c > 0xDFFF)
                .forEach(text::appendCodePoint);
        return text.toString();
    }

    @Test
    void holdsBackAnUnfinishedCharacter() {
        Tokenizer tokenizer = Tokenizer.open(Cases.TESTDATA.resolve("golden/tokenizer/bpe-gemma"));
        int[] grin = bytes(tokenizer, 0xF0, 0x9F, 0x98, 0x80);
        TextStream stream = tokenizer.stream();
        assertThat(stream.push(grin[0])).isEmpty();
        assertThat(stream.push(grin[1])).isEmpty();
        assertThat(stream.push(grin[2])).isEmpty();
        assertThat(stream.push(grin[3])).isEqualTo("😀");
        assertThat(stream.push(grin[0])).isEmpty();
        assertThat(stream.push(grin[1])).isEmpty();
        assertThat(stream.finish()).isEqualTo("\uFFFD\uFFFD");
    }

    @Test
    void keepsWhatIsValidAroundBadBytes() {
        Tokenizer tokenizer = Tokenizer.open(Cases.TESTDATA.resolve("golden/tokenizer/bpe-gemma"));
        assertThat(tokenizer.decode(bytes(tokenizer, 'a', 0xC3, 0xC3, 0xA9, 0x80, 'b')))
                .isEqualTo("a\uFFFDé\uFFFDb");
        assertThat(tokenizer.decode(bytes(tokenizer, 0xED, 0xA0, 0x80))).isEqualTo("\uFFFD\uFFFD\uFFFD");
        assertThat(tokenizer.decode(bytes(tokenizer, 0xE2, 0x82, ' '))).isEqualTo("\uFFFD\uFFFD ");
    }

    private static int[] bytes(Tokenizer tokenizer, int... bytes) {
        int[] ids = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            ids[i] = tokenizer.id(String.format("<0x%02X>", bytes[i])).orElseThrow();
        }
        return ids;
    }
}
