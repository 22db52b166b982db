package dev.pg.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.PgException;
import dev.pg.model.generate.FinishReason;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Conversations against the same ids run from the beginning, and scores against the reference's logits. */
class ConversationTest {
    private static final GenerationOptions SHORT = GenerationOptions.DEFAULT.withMaxTokens(9);
    private static final List<String> MESSAGES = List.of("what is in the picture?", "  and behind it?\n", "a");

    @TempDir
    Path directory;

    private static TextModel open(Path directory) {
        return Model.open(directory, ModelOptions.DEFAULT, TextModel.class);
    }

    private static Path golden(String name) {
        return Golden.TESTDATA.resolve("golden").resolve(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gemma1-text", "gemma2-text"})
    void aLaterMessageCostsItsOwnTokensOnly(String name) {
        try (TextModel model = open(golden(name))) {
            Conversation conversation = model.chat(Optional.empty());
            int[] before = {};
            for (String message : MESSAGES) {
                Completion answer = conversation.say(message, SHORT, TokenListener.NONE);
                int[] all = conversation.history();
                int[] prompt = Arrays.copyOf(all, all.length - answer.ids().length);
                // The last token of an answer has not been through the decoder when the answer ends.
                int cached = Math.max(before.length - 1, 0);
                assertThat(conversation.reusedTokens()).isEqualTo(cached);
                assertThat(answer.timings().promptTokens()).isEqualTo(prompt.length - cached);
                assertThat(Arrays.copyOf(all, before.length)).isEqualTo(before);
                Completion fromScratch =
                        model.generate(Request.of(prompt), SHORT.withStopIds(Set.of(1, 17)), TokenListener.NONE);
                assertThat(answer.ids()).isEqualTo(fromScratch.ids());
                before = all;
            }
        }
    }

    @Test
    void writesTurnsAsTheTemplateSays() {
        try (TextModel model = open(golden("gemma2-text"))) {
            Conversation conversation = model.chat(Optional.empty());
            Completion answer = conversation.say(" a b ", SHORT, TokenListener.NONE);
            conversation.say("c", SHORT.withMaxTokens(0), TokenListener.NONE);
            String start = "<start_of_turn>";
            String end = "<end_of_turn>";
            int[] first = model.tokenizer().encode(start + "user\na b" + end + "\n" + start + "model\n");
            int[] second = model.tokenizer().encode(end + "\n" + start + "user\nc" + end + "\n" + start + "model\n");
            int[] all = conversation.history();
            assertThat(all[0]).isEqualTo(model.tokenizer().bosId());
            assertThat(Arrays.copyOfRange(all, 1, 1 + first.length)).isEqualTo(first);
            assertThat(Arrays.copyOfRange(all, 1 + first.length + answer.ids().length, all.length))
                    .isEqualTo(second);
        }
    }

    @Test
    void beginsAnewAfterAReset() {
        try (TextModel model = open(golden("gemma2-text"))) {
            Conversation conversation = model.chat(Optional.empty());
            int[] first = conversation.say("hello", SHORT, TokenListener.NONE).ids();
            conversation.say("more", SHORT, TokenListener.NONE);
            conversation.reset();
            assertThat(conversation.say("hello", SHORT, TokenListener.NONE).ids())
                    .isEqualTo(first);
            assertThat(conversation.reusedTokens()).isZero();
        }
    }

    @Test
    void anInterruptedAnswerIsPartOfTheConversation() {
        try (TextModel model = open(golden("gemma2-text"))) {
            Conversation conversation = model.chat(Optional.empty());
            int[] whole = conversation.say("hello", SHORT, TokenListener.NONE).ids();
            conversation.reset();
            int[] heard = {0};
            Completion cut = conversation.say("hello", SHORT, (row, id) -> ++heard[0] < 4);
            assertThat(cut.best().finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(whole).startsWith(cut.ids());
            assertThat(conversation.history()).endsWith(cut.ids());
            assertThat(conversation.say("more", SHORT, TokenListener.NONE).ids())
                    .isNotEmpty();
        }
    }

    @Test
    void aMessageThatDoesNotFitLeavesTheConversationAsItIs() {
        try (TextModel model = open(golden("gemma2-text"))) {
            Conversation conversation = model.chat(Optional.empty());
            conversation.say("hello", SHORT, TokenListener.NONE);
            int[] before = conversation.history();
            assertThatThrownBy(() -> conversation.say("word ".repeat(9000), SHORT, TokenListener.NONE))
                    .isInstanceOf(PgException.class)
                    .hasMessageContainingAll("context of 8192", "" + before.length);
            assertThat(conversation.history()).isEqualTo(before);
            assertThat(conversation.say("more", SHORT, TokenListener.NONE).ids())
                    .isNotEmpty();
            assertThat(conversation.reusedTokens()).isEqualTo(before.length - 1);
        }
    }

    private Path withTemplate(String template) throws IOException {
        for (String file : List.of("config.json", "generation_config.json", "model.safetensors", "tokenizer.model")) {
            Files.copy(golden("gemma2-text").resolve(file), directory.resolve(file));
        }
        return Files.writeString(directory.resolve("chat_template.jinja"), template)
                .getParent();
    }

    @Test
    void aSystemTextGoesWhereTheTemplateSays() throws IOException {
        Path place = withTemplate(
                "{%- set first_user_prefix = messages[0]['content'] + '\n\n' if messages[0]['role'] == 'system' -%}"
                        + "<start_of_turn> <end_of_turn>");
        try (TextModel model = open(place)) {
            Conversation with = model.chat(Optional.of("be brief"));
            Conversation without = model.chat(Optional.empty());
            with.say("hello", SHORT, TokenListener.NONE);
            without.say("be brief\n\nhello", SHORT, TokenListener.NONE);
            assertThat(with.history()).isEqualTo(without.history());
        }
    }

    @Test
    void aTemplateWithoutASystemRoleRefusesOne() throws IOException {
        Path place = withTemplate("{{ raise_exception('System role not supported') }}<start_of_turn>user<end_of_turn>");
        try (TextModel model = open(place);
                TextModel plain = open(golden("gemma2-text"))) {
            for (TextModel each : List.of(model, plain)) {
                assertThatThrownBy(() -> each.chat(Optional.of("be brief")))
                        .isInstanceOf(PgException.class)
                        .hasMessageContaining("no system role");
            }
        }
    }

    @Test
    void aTemplateOfAnotherForm() throws IOException {
        try (TextModel model = open(withTemplate("<|im_start|>user"))) {
            assertThatThrownBy(() -> model.chat(Optional.empty()))
                    .isInstanceOf(PgException.class)
                    .hasMessageContaining("chat template");
        }
    }

    /** Log-probabilities from the logits that the reference gives for the same ids. */
    @ParameterizedTest
    @ValueSource(strings = {"gemma1-text", "gemma2-text"})
    void scoresTokens(String name) {
        Golden golden = Golden.open(name);
        int[] ids = Arrays.stream(golden.inputs().get("input_ids").toLongs())
                .mapToInt(Math::toIntExact)
                .toArray();
        float[] logits = golden.tensors().get("logits").toFloats();
        int vocabulary = logits.length / ids.length;
        try (TextModel model = open(golden.directory())) {
            Score score = model.score(ids);
            double sum = 0;
            for (int i = 0; i + 1 < ids.length; i++) {
                double exponentials = 0;
                for (int v = 0; v < vocabulary; v++) {
                    exponentials += Math.exp(logits[i * vocabulary + v]);
                }
                double expected = logits[i * vocabulary + ids[i + 1]] - Math.log(exponentials);
                assertThat((double) score.logProbs()[i]).isCloseTo(expected, within(3e-3));
                sum += expected;
            }
            assertThat(score.ids()).isEqualTo(Arrays.copyOfRange(ids, 1, ids.length));
            assertThat(score.perplexity())
                    .isCloseTo(Math.exp(-sum / (ids.length - 1)), within(1e-3 * score.perplexity()));
            assertThatThrownBy(() -> model.score(new int[] {2})).hasMessageContaining("nothing to score");
            assertThatThrownBy(() -> model.score(new int[] {2, 100_000})).hasMessageContaining("100000");
        }
    }
}
