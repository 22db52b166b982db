package dev.pg.cli;

import static dev.pg.cli.Run.ints;
import static dev.pg.cli.Run.pg;
import static dev.pg.cli.Run.pgReading;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Talking to a Gemma through a pipe, and scoring texts. */
class ChatCommandTest {
    private static final Path GEMMA = Run.TESTDATA.resolve("golden/gemma2-text");

    private static Run chat(String input, Object... more) {
        Object[] arguments = new Object[more.length + 5];
        System.arraycopy(new Object[] {"chat", "--model", GEMMA, "--max-tokens", 6}, 0, arguments, 0, 5);
        System.arraycopy(more, 0, arguments, 5, more.length);
        return pgReading(input, arguments);
    }

    @Test
    void answersEachLine() {
        Run run = chat("hello\n\nand then?\n", "--verbose");
        assertThat(run.exitCode()).isZero();
        assertThat(run.lines()).hasSize(2);
        assertThat(run.err()).contains("message of ").doesNotContain("> ");
        List<JsonNode> objects = chat("hello\n\nand then?\n", "--json").objects();
        assertThat(objects).extracting(o -> o.path("message").stringValue()).containsExactly("hello", "and then?");
        assertThat(run.out())
                .isEqualTo(objects.get(0).path("text").stringValue() + "\n"
                        + objects.get(1).path("text").stringValue() + "\n");
        assertThat(objects.get(0).path("reused_tokens").intValue()).isZero();
        int first = objects.get(0).at("/timings/prompt_tokens").intValue();
        assertThat(objects.get(1).path("reused_tokens").intValue()).isEqualTo(first + 5);
    }

    @Test
    void readsMessagesOfSeveralLines() {
        List<JsonNode> objects =
                chat("\"\"\"\none\ntwo\n\"\"\"\nthree\\\nfour\n", "--json").objects();
        assertThat(objects).extracting(o -> o.path("message").stringValue()).containsExactly("one\ntwo", "three\nfour");
    }

    @Test
    void beginsAnewAndEnds() {
        List<JsonNode> objects =
                chat("hello\n/reset\nhello\n/exit\nhello\n", "--json").objects();
        assertThat(objects).hasSize(2);
        assertThat(ints(objects.get(1).path("ids")))
                .isEqualTo(ints(objects.get(0).path("ids")));
        assertThat(objects.get(1).path("reused_tokens").intValue()).isZero();
    }

    @Test
    void aMessageThatIsTooLongDoesNotEndIt() {
        Run run = chat("hello\n" + "word ".repeat(9000) + "\nmore\n");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.lines()).hasSize(2);
        assertThat(run.err()).contains("context of 8192");
    }

    @Test
    void wrongUse() {
        assertThat(chat("", "--beams", 2).exitCode()).isEqualTo(2);
        assertThat(chat("", "--system", "be brief").err())
                .contains("no system role")
                .hasLineCount(1);
        Run other = pgReading("", "chat", "--model", Run.PALIGEMMA_2);
        assertThat(other.exitCode()).isEqualTo(1);
        assertThat(other.err()).contains("cannot chat");
    }

    @Test
    void ctrlCAsksForTheEndOfAnAnswerOnly() {
        Interrupts interrupts = Interrupts.install();
        interrupts.begin();
        assertThat(interrupts.asked()).isFalse();
        interrupts.interrupt();
        assertThat(interrupts.asked()).isTrue();
        interrupts.begin();
        assertThat(interrupts.asked()).isFalse();
        interrupts.end();
    }

    @Test
    void scoresATextAndItsTokens() {
        JsonNode score =
                pg("score", "--model", GEMMA, "--text", "a red ring", "--json").object();
        double sum = 0;
        for (JsonNode logProb : score.path("log_probs")) {
            assertThat(logProb.doubleValue()).isNegative();
            sum += logProb.doubleValue();
        }
        int count = score.path("ids").size();
        assertThat(score.path("log_probs").size()).isEqualTo(count);
        assertThat(score.path("sum").doubleValue()).isCloseTo(sum, within(1e-4));
        double perplexity = Math.exp(-sum / count);
        assertThat(score.path("perplexity").doubleValue()).isCloseTo(perplexity, within(1e-4 * perplexity));
        Run run = pg("score", "--model", GEMMA, "--text", "a red ring");
        assertThat(run.lines()).hasSize(count + 1);
        assertThat(run.lines().getLast()).startsWith("log-probability -");
        assertThat(pg("score", "--model", GEMMA, "--text", "").err()).contains("nothing to score");
    }
}
