package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.model.image.Image;
import java.util.List;
import java.util.Optional;

/**
 * What {@link Trace} follows through a model.
 *
 * @param images the pictures
 * @param pixels a float tensor [pictures × 3 × height × width] in place of pictures; for NaFlex [pictures × most patches × patch
 *     length]
 * @param spatialShapes for NaFlex pixels an int64 tensor [pictures × 2]: rows and columns of patches of each picture
 * @param texts the prompt, or the texts that a SigLIP compares with the pictures; a vision tower by itself takes none
 * @param ids token ids in place of a text
 * @param suffix the answer behind the prompt, seen causally and closed by an end token, as in training
 */
public record TraceInput(
        List<Image> images,
        Optional<Tensor> pixels,
        Optional<Tensor> spatialShapes,
        List<String> texts,
        Optional<int[]> ids,
        Optional<String> suffix) {
    /**
     * The one text of a model that continues texts.
     *
     * @throws PgException if there are several
     */
    Optional<String> prompt() {
        if (texts.size() > 1) {
            throw new PgException("this model is traced with one prompt, not " + texts.size());
        }
        return texts.stream().findFirst();
    }
}
