package dev.pg.model;

import dev.pg.model.image.Image;
import java.util.List;
import java.util.Optional;

/**
 * A prompt and its pictures.
 *
 * @param images the pictures, in the order of the prompt's {@code <image>} marks; empty for a text-only model
 * @param prompt the text, without the trailing line break that PaliGemma's layout adds; empty if {@code ids} are given
 * @param ids the prompt as token ids instead, used as they are; image tokens are put in front if pictures are given and the ids
 *     hold none
 */
public record Request(List<Image> images, Optional<String> prompt, Optional<int[]> ids) {
    /**
     * Checks what is given.
     *
     * @throws IllegalArgumentException unless exactly one of prompt and ids is
     */
    public Request {
        images = List.copyOf(images);
        if (prompt.isPresent() == ids.isPresent()) {
            throw new IllegalArgumentException("a request has either a prompt or ids");
        }
    }

    /** A prompt about pictures, or about none. */
    public static Request of(String prompt, Image... images) {
        return new Request(List.of(images), Optional.of(prompt), Optional.empty());
    }

    /** Token ids and pictures. */
    public static Request of(int[] ids, Image... images) {
        return new Request(List.of(images), Optional.empty(), Optional.of(ids.clone()));
    }
}
