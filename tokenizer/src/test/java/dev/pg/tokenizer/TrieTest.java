package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrieTest {
    @Test
    void equalsAMapOfStrings() {
        Random random = new Random(31);
        Trie trie = new Trie();
        Map<String, Integer> map = new HashMap<>();
        for (int i = 0; i < 5000; i++) {
            String key = key(random, 1 + random.nextInt(7));
            trie.put(Utf8.encode(key), i);
            map.put(key, i);
        }
        for (int i = 0; i < 5000; i++) {
            String text = key(random, 1 + random.nextInt(12));
            byte[] bytes = Utf8.encode(text);
            assertThat(trie.valueOf(bytes, 0, bytes.length)).isEqualTo(map.getOrDefault(text, Trie.NONE));
            int longest = IntStream.rangeClosed(1, text.length())
                    .filter(end -> map.containsKey(text.substring(0, end)))
                    .max()
                    .orElse(0);
            assertThat(trie.longestMatch(bytes, 0, bytes.length))
                    .isEqualTo(Utf8.encode(text.substring(0, longest)).length);
        }
    }

    @Test
    void anEmptyOneFindsNothing() {
        assertThat(new Trie().isEmpty()).isTrue();
        assertThat(new Trie().longestMatch(new byte[] {0, 1}, 0, 2)).isZero();
    }

    private static String key(Random random, int length) {
        StringBuilder key = new StringBuilder();
        for (int i = 0; i < length; i++) {
            key.append("ab\u0000é▁ü".charAt(random.nextInt(6)));
        }
        return key.toString();
    }
}
