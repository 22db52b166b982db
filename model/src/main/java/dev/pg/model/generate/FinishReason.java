package dev.pg.model.generate;

/** Why a sequence ended. */
public enum FinishReason {
    /** The model produced a stop id. */
    STOP,
    /** The sequence reached the largest number of tokens that was asked for. */
    LENGTH,
    /** The {@link TokenListener} asked to stop. */
    CANCELLED
}
