package dev.pg.model.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptsTest {
    @Test
    void writesThePromptsOfTheTraining() {
        assertThat(Prompts.caption("en")).isEqualTo("caption en");
        assertThat(Prompts.cap("de")).isEqualTo("cap de");
        assertThat(Prompts.describe("zh")).isEqualTo("describe zh");
        assertThat(Prompts.ocr()).isEqualTo("ocr");
        assertThat(Prompts.answer("en", " where is the cow standing? "))
                .isEqualTo("answer en where is the cow standing?");
        assertThat(Prompts.question("en", "meadow")).isEqualTo("question en meadow");
        assertThat(Prompts.detect("cat", "brown dog")).isEqualTo("detect cat ; brown dog");
        assertThat(Prompts.segment("cat")).isEqualTo("segment cat");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "e", "english", "en de", "en\n", "12"})
    void refusesWhatIsNoLanguage(String code) {
        assertThatThrownBy(() -> Prompts.caption(code)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pt-br", "zh_Hans", "fil"})
    void acceptsLongerCodes(String code) {
        assertThat(Prompts.caption(code)).isEqualTo("caption " + code);
    }

    @Test
    void refusesTextsThatMakeNoPrompt() {
        assertThatThrownBy(() -> Prompts.answer("en", " ")).hasMessage("the question is empty");
        assertThatThrownBy(() -> Prompts.detect()).hasMessage("name at least one thing to look for");
        assertThatThrownBy(() -> Prompts.detect("cat", "")).hasMessage("the thing is empty");
        assertThatThrownBy(() -> Prompts.segment("a\nb")).hasMessageContaining("line break");
    }
}
