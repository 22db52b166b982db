package dev.pg.model.image;

/**
 * A size in pixels.
 *
 * @param width columns
 * @param height rows
 */
public record Size(int width, int height) {}
