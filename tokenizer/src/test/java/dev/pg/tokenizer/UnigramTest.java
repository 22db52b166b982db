package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The Viterbi pass finds the best of all ways to cut a text. */
class UnigramTest {
    @Test
    void findsTheBestOfAllCuts() {
        Random random = new Random(21);
        for (int round = 0; round < 200; round++) {
            Vocabulary vocabulary = vocabulary(random);
            Unigram unigram = new Unigram(vocabulary);
            for (int sample = 0; sample < 10; sample++) {
                String text = text(random, 1 + random.nextInt(12));
                List<Integer> ids = new ArrayList<>();
                StringBuilder joined = new StringBuilder();
                byte[] bytes = Utf8.encode(text);
                unigram.segment(bytes, bytes.length, (id, from, start, end) -> {
                    ids.add(id);
                    joined.append(Utf8.decode(from, start, end));
                });
                assertThat(joined.toString()).isEqualTo(text);
                double sum =
                        ids.stream().mapToDouble(id -> score(vocabulary, id)).sum();
                // Scores are halves, so that sums are exact and ties do not matter.
                assertThat(sum).as(text).isEqualTo(best(vocabulary, text));
            }
        }
    }

    @Test
    void longTextsAreNoTrouble() {
        Random random = new Random(22);
        Vocabulary vocabulary = vocabulary(random);
        byte[] bytes = Utf8.encode(text(random, 1_000_000));
        int[] covered = {0};
        new Unigram(vocabulary).segment(bytes, bytes.length, (id, from, start, end) -> {
            assertThat(start).isEqualTo(covered[0]);
            covered[0] = end;
        });
        assertThat(covered[0]).isEqualTo(bytes.length);
    }

    private static Vocabulary vocabulary(Random random) {
        Vocabulary.Builder builder = new Vocabulary.Builder("test");
        builder.add("<unk>".getBytes(StandardCharsets.UTF_8), 0, PieceType.UNKNOWN);
        List<String> seen = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String piece = text(random, 1 + random.nextInt(4));
            if (!seen.contains(piece)) {
                seen.add(piece);
                PieceType type = random.nextInt(5) == 0 && i > 0 ? PieceType.UNUSED : PieceType.NORMAL;
                builder.add(piece.getBytes(StandardCharsets.UTF_8), -0.5f * random.nextInt(20), type);
            }
        }
        return builder.build(false);
    }

    private static String text(Random random, int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append("abé".charAt(random.nextInt(3)));
        }
        return text.toString();
    }

    private static double score(Vocabulary vocabulary, int id) {
        if (id != vocabulary.unknown()) {
            return vocabulary.score(id);
        }
        double worst = Double.MAX_VALUE;
        for (int i = 0; i < vocabulary.size(); i++) {
            if (vocabulary.type(i) == PieceType.NORMAL) {
                worst = Math.min(worst, vocabulary.score(i));
            }
        }
        return worst - 10;
    }

    /** The best sum over every cut, by trying all of them; a character that is no piece may be unknown. */
    private static double best(Vocabulary vocabulary, String text) {
        if (text.isEmpty()) {
            return 0;
        }
        double best = Double.NEGATIVE_INFINITY;
        for (int end = 1; end <= text.length(); end++) {
            int id = vocabulary.id(text.substring(0, end));
            boolean usable = id > 0 && vocabulary.type(id) == PieceType.NORMAL;
            if (usable || end == 1) {
                double rest = best(vocabulary, text.substring(end));
                best = Math.max(best, rest + score(vocabulary, usable ? id : vocabulary.unknown()));
            }
        }
        return best;
    }
}
