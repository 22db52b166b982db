package dev.pg.model.task;

import java.util.Arrays;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * The prompts that PaliGemma was trained with, without the newline that ends them (big_vision, {@code
 * configs/proj/paligemma/README.md}). A language is a code such as {@code en}, {@code de}, {@code zh}; which ones a checkpoint
 * knows is its own affair.
 *
 * <p>All methods throw {@link IllegalArgumentException} if a text is blank or holds a line break, which would end the prompt, and
 * if a language does not look like a code.
 */
public final class Prompts {
    private Prompts() {}

    /** A caption of one sentence. */
    public static String caption(String language) {
        return "caption " + language(language);
    }

    /** A short caption in the style of alt texts. Known to the pretrained checkpoints only. */
    public static String cap(String language) {
        return "cap " + language(language);
    }

    /** A caption of several sentences. */
    public static String describe(String language) {
        return "describe " + language(language);
    }

    /** The text in the picture. */
    public static String ocr() {
        return "ocr";
    }

    /** An answer to {@code question}. */
    public static String answer(String language, String question) {
        return "answer " + language(language) + " " + text("question", question);
    }

    /** A question that {@code answer} answers. */
    public static String question(String language, String answer) {
        return "question " + language(language) + " " + text("answer", answer);
    }

    /** Boxes around everything that {@code things} name. */
    public static String detect(String... things) {
        return detect(Arrays.asList(things));
    }

    /** Boxes around everything that {@code things} name. */
    public static String detect(Collection<String> things) {
        return "detect " + list(things);
    }

    /** Boxes and masks of everything that {@code things} name. */
    public static String segment(String... things) {
        return segment(Arrays.asList(things));
    }

    /** Boxes and masks of everything that {@code things} name. */
    public static String segment(Collection<String> things) {
        return "segment " + list(things);
    }

    private static String list(Collection<String> things) {
        if (things.isEmpty()) {
            throw new IllegalArgumentException("name at least one thing to look for");
        }
        return things.stream().map(thing -> text("thing", thing)).collect(Collectors.joining(" ; "));
    }

    private static String language(String code) {
        if (!code.matches("[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{2,8})*")) {
            throw new IllegalArgumentException("\"" + code + "\" is no language code; examples are en, de, zh");
        }
        return code;
    }

    private static String text(String what, String value) {
        String text = value.strip();
        if (text.isEmpty()) {
            throw new IllegalArgumentException("the " + what + " is empty");
        }
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0) {
            throw new IllegalArgumentException("the " + what + " has a line break, which would end the prompt");
        }
        return text;
    }
}
