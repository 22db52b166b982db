package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The queue gives what rescanning the whole text after every merge gives, and stays fast where rescanning cannot. */
class BytePairEncodingTest {
    private static final String ALPHABET = "abcé▁";

    @Test
    void equalsTheScanOnRandomVocabularies() {
        Random random = new Random(11);
        for (int round = 0; round < 300; round++) {
            Vocabulary vocabulary = vocabulary(random);
            Segmenter encoding = new BytePairEncoding(vocabulary, new ScoredMerges(vocabulary), new Trie());
            for (int sample = 0; sample < 20; sample++) {
                String text = text(random, random.nextInt(30));
                assertThat(segment(encoding, text)).as(text).isEqualTo(scan(vocabulary, text));
            }
        }
    }

    @Test
    void rankedMergesEqualTheScanWithTheSameOrder() {
        Random random = new Random(12);
        for (int round = 0; round < 100; round++) {
            Vocabulary vocabulary = vocabulary(random);
            List<int[]> merges = new ArrayList<>();
            for (int left = 1; left < vocabulary.size(); left++) {
                for (int right = 1; right < vocabulary.size(); right++) {
                    int joined = vocabulary.id(vocabulary.piece(left) + vocabulary.piece(right));
                    if (joined > 0 && random.nextInt(4) > 0) {
                        merges.add(random.nextInt(merges.size() + 1), new int[] {left, right, joined});
                    }
                }
            }
            RankedMerges ranked = new RankedMerges(column(merges, 0), column(merges, 1), column(merges, 2));
            Segmenter encoding = new BytePairEncoding(vocabulary, ranked, new Trie());
            for (int sample = 0; sample < 20; sample++) {
                String text = text(random, random.nextInt(30));
                assertThat(segment(encoding, text)).as(text).isEqualTo(scan(vocabulary, merges, text));
            }
        }
    }

    /** A million characters without a space are one stretch: rescanning them would take days. */
    @Test
    void longTextsAreNoTrouble() {
        Random random = new Random(13);
        Vocabulary vocabulary = vocabulary(random);
        Segmenter encoding = new BytePairEncoding(vocabulary, new ScoredMerges(vocabulary), new Trie());
        for (String text : List.of(text(random, 1_000_000), "a".repeat(1_000_000), "ab▁".repeat(300_000))) {
            assertThat(String.join("", segment(encoding, text))).isEqualTo(text);
        }
    }

    @Test
    void leftmostOfEqualMergesComesFirst() {
        Vocabulary vocabulary = vocabulary(List.of("a", "b", "aa", "ab"), List.of(0f, 0f, -1f, -1f));
        Segmenter encoding = new BytePairEncoding(vocabulary, new ScoredMerges(vocabulary), new Trie());
        assertThat(segment(encoding, "aaab")).containsExactly("aa", "ab");
        assertThat(segment(encoding, "aab")).containsExactly("aa", "b");
    }

    @Test
    void zeroAndMinusZeroAreTheSameScore() {
        Vocabulary vocabulary = vocabulary(List.of("a", "b", "aa", "ab"), List.of(0f, 0f, -0f, 0f));
        Segmenter encoding = new BytePairEncoding(vocabulary, new ScoredMerges(vocabulary), new Trie());
        assertThat(segment(encoding, "aab")).containsExactly("aa", "b");
    }

    /** Single characters, some of them missing, and random joins of pieces; few distinct scores, so that many tie. */
    private static Vocabulary vocabulary(Random random) {
        Set<String> pieces = new LinkedHashSet<>();
        ALPHABET.codePoints().filter(c -> random.nextInt(8) > 0).forEach(c -> pieces.add(Character.toString(c)));
        for (int i = 0; i < 25; i++) {
            pieces.add(text(random, 2 + random.nextInt(4)));
            List<String> all = List.copyOf(pieces);
            pieces.add(all.get(random.nextInt(all.size())) + all.get(random.nextInt(all.size())));
        }
        List<Float> scores =
                pieces.stream().map(p -> (float) -random.nextInt(6)).toList();
        return vocabulary(List.copyOf(pieces), scores);
    }

    private static Vocabulary vocabulary(List<String> pieces, List<Float> scores) {
        Vocabulary.Builder builder = new Vocabulary.Builder("test");
        builder.add("<unk>".getBytes(StandardCharsets.UTF_8), 0, PieceType.UNKNOWN);
        for (int i = 0; i < pieces.size(); i++) {
            builder.add(pieces.get(i).getBytes(StandardCharsets.UTF_8), scores.get(i), PieceType.NORMAL);
        }
        return builder.build(false);
    }

    private static String text(Random random, int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }

    private static int[] column(List<int[]> rows, int column) {
        return rows.stream().mapToInt(row -> row[column]).toArray();
    }

    private static List<String> segment(Segmenter segmenter, String text) {
        byte[] bytes = Utf8.encode(text);
        List<String> pieces = new ArrayList<>();
        segmenter.segment(bytes, bytes.length, (id, from, start, end) -> pieces.add(Utf8.decode(from, start, end)));
        return pieces;
    }

    /** Byte-pair encoding as the paper states it: find the best pair, merge it, start again. */
    private static List<String> scan(Vocabulary vocabulary, String text) {
        List<String> symbols = new ArrayList<>(Arrays.asList(text.split("")));
        symbols.remove("");
        while (true) {
            int best = -1;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int id = vocabulary.id(symbols.get(i) + symbols.get(i + 1));
                if (id > 0 && (best < 0 || vocabulary.score(id) > score(vocabulary, symbols, best))) {
                    best = i;
                }
            }
            if (best < 0) {
                return symbols;
            }
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
    }

    private static float score(Vocabulary vocabulary, List<String> symbols, int i) {
        return vocabulary.score(vocabulary.id(symbols.get(i) + symbols.get(i + 1)));
    }

    private static List<String> scan(Vocabulary vocabulary, List<int[]> merges, String text) {
        List<String> symbols = new ArrayList<>(Arrays.asList(text.split("")));
        symbols.remove("");
        while (true) {
            int best = -1;
            int bestRank = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                for (int rank = 0; rank < Math.min(bestRank, merges.size()); rank++) {
                    int[] merge = merges.get(rank);
                    if (vocabulary.id(symbols.get(i)) == merge[0] && vocabulary.id(symbols.get(i + 1)) == merge[1]) {
                        best = i;
                        bestRank = rank;
                    }
                }
            }
            if (best < 0) {
                return symbols;
            }
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
    }
}
