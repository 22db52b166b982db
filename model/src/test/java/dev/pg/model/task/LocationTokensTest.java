package dev.pg.model.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.core.PgException;
import dev.pg.model.task.LocationTokens.Answer;
import dev.pg.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LocationTokensTest {
    private static final Path TESTDATA = Path.of(System.getProperty("pg.testdata"));
    private static final Tokenizer TOKENIZER = Tokenizer.open(TESTDATA.resolve("demo-model/paligemma2-demo"));
    private static final LocationTokens TOKENS = LocationTokens.of(TOKENIZER);
    private static final String MASK =
            IntStream.range(0, 16).mapToObj("<seg%03d>"::formatted).collect(Collectors.joining());

    private static Answer parse(String text) {
        return TOKENS.parse(TOKENIZER.encode(text));
    }

    private static Region box(int yMin, int xMin, int yMax, int xMax, String label) {
        return new Region(yMin, xMin, yMax, xMax, List.of(), label);
    }

    @Test
    void readsBoxesAndLabels() {
        Answer answer =
                parse("<loc0010><loc0020><loc0300><loc1023> red circle ; <loc0000><loc0001><loc0002><loc0003> star");

        assertThat(answer)
                .isEqualTo(new Answer(List.of(box(10, 20, 300, 1023, "red circle"), box(0, 1, 2, 3, "star")), "", 0));
    }

    @Test
    void readsMasks() {
        Answer answer = parse("<loc0010><loc0020><loc0300><loc1023>" + MASK + " red circle");

        assertThat(answer.regions())
                .containsExactly(new Region(
                        10, 20, 300, 1023, IntStream.range(0, 16).boxed().toList(), "red circle"));
        assertThat(answer.dropped()).isZero();
    }

    @Test
    void leavesBoxesAsTheModelWroteThem() {
        String twice = "<loc0005><loc0006><loc0001><loc0002> star ; ";

        assertThat(parse(twice + twice).regions()).containsExactly(box(5, 6, 1, 2, "star"), box(5, 6, 1, 2, "star"));
        assertThat(box(5, 6, 1, 2, "star").box(100, 100).isEmpty()).isTrue();
    }

    @Test
    void acceptsMissingLabels() {
        String box = "<loc0001><loc0002><loc0003><loc0004>";

        assertThat(parse(box + box + " ; " + box).regions())
                .containsOnly(box(1, 2, 3, 4, ""))
                .hasSize(3);
    }

    @Test
    void keepsTextThatHasNoBox() {
        Answer answer = parse("one red star ; <loc0001><loc0002><loc0003><loc0004> star ; blue heart");

        assertThat(answer).isEqualTo(new Answer(List.of(box(1, 2, 3, 4, "star")), "one red star ; blue heart", 0));
        assertThat(parse("")).isEqualTo(new Answer(List.of(), "", 0));
    }

    @Test
    void dropsAndCountsIncompleteGroups() {
        assertThat(parse("<loc0001><loc0002><loc0003> star")).isEqualTo(new Answer(List.of(), "star", 3));
        assertThat(parse("<loc0001><loc0002><loc0003><loc0004><loc0005>"))
                .isEqualTo(new Answer(List.of(box(1, 2, 3, 4, "")), "", 1));
        assertThat(parse("<loc0001><loc0002><loc0003><loc0004><seg001><seg002> star"))
                .isEqualTo(new Answer(List.of(box(1, 2, 3, 4, "star")), "", 2));
        assertThat(parse("<seg001> star")).isEqualTo(new Answer(List.of(), "star", 1));
    }

    @Test
    void readsAnythingWithoutLosingATokenOfALocation() {
        Random random = new Random(7);
        String[] parts = {"<loc0007>", "<loc1023>", "<seg000>", "<seg127>", " star", " ; ", ";", "x", MASK};
        for (int run = 0; run < 2000; run++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(30); i > 0; i--) {
                text.append(parts[random.nextInt(parts.length)]);
            }
            Answer answer = parse(text.toString());

            int used = answer.regions().stream()
                    .mapToInt(r -> 4 + r.maskCodes().size())
                    .sum();
            int written = text.toString().split("<", -1).length - 1;
            assertThat(used + answer.dropped()).as(text.toString()).isEqualTo(written);
        }
    }

    @Test
    void scalesToPixelsOfThePicture() {
        Region region = box(0, 512, 1023, 1023, "");

        assertThat(region.box(200, 100)).isEqualTo(new Box(0, 100, 99.90234f, 199.80469f));
        assertThat(region.box(200, 100, Region.BIG_VISION_PARTS).yMax()).isEqualTo(100);
    }

    @Test
    void needsLocationTokens() {
        Tokenizer text = Tokenizer.open(TESTDATA.resolve("golden/gemma2-text"));

        assertThatThrownBy(() -> LocationTokens.of(text))
                .isInstanceOf(PgException.class)
                .hasMessageStartingWith("the tokenizer has no tokens <loc0000>");
    }

    @Test
    void masksNeedTheirTokensOnly() {
        LocationTokens boxesOnly = new LocationTokens(100, -1, ids -> "?".repeat(ids.length));
        assertThat(boxesOnly.parse(new int[] {100, 101, 102, 103, 5, 6}).regions())
                .containsExactly(box(0, 1, 2, 3, "??"));
    }
}
