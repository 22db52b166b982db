package dev.pg.bench;

import dev.pg.kernels.Linear;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.siglip.VisionTower;
import dev.pg.model.text.Gemma;

/**
 * A PaliGemma in one number format.
 *
 * @param dtype of the decoder's weights
 * @param memory that the decoder's weights are in
 * @param ran work of the layers that are there
 * @param whole work of all layers; the same unless this is a slice
 * @param vision tower
 * @param projector from its features to the decoder's
 * @param text decoder
 */
record StageModel(
        String dtype,
        WeightMemory memory,
        StageWork ran,
        StageWork whole,
        VisionTower vision,
        Linear projector,
        Gemma text) {}
