package dev.pg.model.text;

import dev.pg.kernels.Mask;
import dev.pg.model.config.TextConfig;

/** One sequence under way: its cache and what its tokens may see. Not thread-safe. */
public final class Sequence {
    final KvCache cache;
    final int firstPosition;
    final Mask fullMask;
    final Mask slidingMask;

    /**
     * An empty sequence.
     *
     * @param prefix leading positions that see each other in both directions: PaliGemma's pictures and prompt, 0 in plain Gemma
     * @param firstPosition what the rotary embedding calls the first token: 1 in PaliGemma, 0 in plain Gemma
     * @param capacity positions to make room for
     */
    public Sequence(TextConfig config, int prefix, int firstPosition, int capacity) {
        this(
                new KvCache(config, capacity),
                firstPosition,
                new Mask.PrefixLm(prefix, Integer.MAX_VALUE, 0),
                new Mask.PrefixLm(prefix, config.slidingWindow(), 0));
    }

    private Sequence(KvCache cache, int firstPosition, Mask fullMask, Mask slidingMask) {
        this.cache = cache;
        this.firstPosition = firstPosition;
        this.fullMask = fullMask;
        this.slidingMask = slidingMask;
    }

    /** Tokens so far. */
    public int length() {
        return cache.length();
    }

    /** Who sees whom in layers with full attention. */
    public Mask fullMask() {
        return fullMask;
    }

    /** Who sees whom in sliding layers. */
    public Mask slidingMask() {
        return slidingMask;
    }

    /** A second sequence with the same past, which then goes its own way; {@code copy} becomes its cache. */
    Sequence fork(KvCache copy) {
        copy.copyFrom(cache);
        return new Sequence(copy, firstPosition, fullMask, slidingMask);
    }
}
