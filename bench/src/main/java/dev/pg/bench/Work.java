package dev.pg.bench;

/**
 * What a computation cannot do without.
 *
 * @param flops floating-point operations; a fused multiply-add counts as two
 * @param bytes to be read from memory
 */
record Work(double flops, double bytes) {
    /** This many times the same operations on the same bytes, as in a batch that shares its weights. */
    Work batched(int times) {
        return new Work(flops * times, bytes);
    }

    Work plus(Work other) {
        return new Work(flops + other.flops, bytes + other.bytes);
    }
}
