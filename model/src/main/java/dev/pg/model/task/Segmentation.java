package dev.pg.model.task;

/**
 * A thing that the model found and outlined.
 *
 * @param box where
 * @param label what, as the model wrote it; empty if it wrote nothing
 * @param mask which pixels; none of them if the model wrote a box only, or an empty box
 */
public record Segmentation(Box box, String label, ObjectMask mask) {}
