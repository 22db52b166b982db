package dev.pg.bench;

import java.util.List;

/**
 * A whole run.
 *
 * @param subject what was measured
 * @param machine what the machine can do
 * @param results in the order of measurement
 */
public record Report(Subject subject, Machine machine, List<Result> results) {
    /**
     * What was measured.
     *
     * @param model name of the shape, whose weights are then random, or the directory
     * @param weights {@code mapped} or {@code resident}
     * @param bytes of the weights that were there
     * @param layers of the decoder that ran
     * @param visionLayers of the tower that ran
     * @param allLayers of the decoder of the whole model; if fewer ran, times of vision, prefill and decode are scaled to all
     * @param allVisionLayers likewise of the tower
     */
    public record Subject(
            String model,
            String weights,
            long bytes,
            int layers,
            int visionLayers,
            int allLayers,
            int allVisionLayers) {
        /** Whether only some layers ran. */
        public boolean isSlice() {
            return layers < allLayers || visionLayers < allVisionLayers;
        }
    }
}
