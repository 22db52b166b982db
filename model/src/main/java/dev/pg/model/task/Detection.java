package dev.pg.model.task;

/**
 * A thing that the model found.
 *
 * @param box where
 * @param label what, as the model wrote it; empty if it wrote nothing
 */
public record Detection(Box box, String label) {}
