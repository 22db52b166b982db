package dev.pg.model;

import dev.pg.core.Tensor;
import dev.pg.model.image.Image;
import java.util.List;
import java.util.Optional;

/**
 * What {@link Trace} follows through a model.
 *
 * @param images the pictures
 * @param pixels a float tensor [pictures × 3 × height × width] in place of pictures
 * @param prompt the text; a model with a vision tower only has none
 * @param ids token ids in place of a text
 * @param suffix the answer behind the prompt, seen causally and closed by an end token, as in training
 */
public record TraceInput(
        List<Image> images,
        Optional<Tensor> pixels,
        Optional<String> prompt,
        Optional<int[]> ids,
        Optional<String> suffix) {}
