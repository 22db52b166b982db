package dev.pg.model.generate;

import java.util.Collection;

/** A small set of ids that is asked once per token and must not box them. */
final class StopIds {
    private final int[] ids;

    /** The elements of {@code ids} that a model with {@code vocabulary} tokens can produce. */
    StopIds(Collection<Integer> ids, int vocabulary) {
        this.ids = ids.stream()
                .mapToInt(Integer::intValue)
                .filter(id -> id >= 0 && id < vocabulary)
                .sorted()
                .toArray();
    }

    /** Number of ids. */
    int size() {
        return ids.length;
    }

    /** The {@code i}-th id in ascending order. */
    int get(int i) {
        return ids[i];
    }

    boolean contains(int id) {
        for (int stop : ids) {
            if (stop == id) {
                return true;
            }
        }
        return false;
    }
}
