package dev.pg.tokenizer;

import java.util.Arrays;

/**
 * A prefix tree over bytes, for finding every piece that starts at a place in the text. Edges lie in one open-addressed table keyed by
 * (node, byte): quick to build, four words an edge, and one probe a step. Immutable once built and then safe for any number of threads.
 */
final class Trie {
    /** The node from which every walk starts. */
    static final int ROOT = 0;

    /** No such edge, or no value. */
    static final int NONE = -1;

    private final int[] fromRoot = new int[256];
    private long[] keys = new long[64]; // node << 8 | byte, plus one: 0 is empty
    private int[] targets = new int[64];
    private int[] values = new int[32]; // by node
    private int nodes = 1;

    Trie() {
        Arrays.fill(fromRoot, NONE);
        Arrays.fill(values, NONE);
    }

    /** Enters a text, not empty; a text entered twice keeps the later value. */
    void put(byte[] key, int value) {
        int node = ROOT;
        for (byte b : key) {
            int child = child(node, b);
            node = child == NONE ? grow(node, b) : child;
        }
        values[node] = value;
    }

    /** The node one byte further, or {@link #NONE}. */
    int child(int node, byte b) {
        if (node == ROOT) {
            return fromRoot[b & 0xFF];
        }
        long key = key(node, b);
        for (int slot = slot(key); keys[slot] != 0; slot = (slot + 1) & (keys.length - 1)) {
            if (keys[slot] == key) {
                return targets[slot];
            }
        }
        return NONE;
    }

    /** What was entered for the text that leads to this node, or {@link #NONE}. */
    int value(int node) {
        return values[node];
    }

    boolean isEmpty() {
        return nodes == 1;
    }

    /** Bytes of the longest text entered that starts at {@code at}, or 0. */
    int longestMatch(byte[] bytes, int at, int end) {
        int longest = 0;
        int node = ROOT;
        for (int i = at; i < end; i++) {
            node = child(node, bytes[i]);
            if (node == NONE) {
                break;
            }
            if (values[node] != NONE) {
                longest = i + 1 - at;
            }
        }
        return longest;
    }

    /** What was entered for {@code bytes[from, to)}, or {@link #NONE}. */
    int valueOf(byte[] bytes, int from, int to) {
        int node = ROOT;
        for (int i = from; i < to && node != NONE; i++) {
            node = child(node, bytes[i]);
        }
        return node == NONE ? NONE : values[node];
    }

    private int grow(int node, byte b) {
        if (nodes == values.length) {
            values = Arrays.copyOf(values, 2 * nodes);
            Arrays.fill(values, nodes, values.length, NONE);
        }
        if (2 * nodes >= keys.length) {
            rehash();
        }
        int child = nodes++;
        if (node == ROOT) {
            fromRoot[b & 0xFF] = child;
        } else {
            enter(key(node, b), child);
        }
        return child;
    }

    private void rehash() {
        long[] oldKeys = keys;
        int[] oldTargets = targets;
        keys = new long[2 * oldKeys.length];
        targets = new int[keys.length];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                enter(oldKeys[i], oldTargets[i]);
            }
        }
    }

    private void enter(long key, int target) {
        int slot = slot(key);
        while (keys[slot] != 0) {
            slot = (slot + 1) & (keys.length - 1);
        }
        keys[slot] = key;
        targets[slot] = target;
    }

    private static long key(int node, byte b) {
        return (((long) node << 8) | (b & 0xFF)) + 1;
    }

    private int slot(long key) {
        return (int) ((key * 0x9E3779B97F4A7C15L) >>> Long.numberOfLeadingZeros(keys.length - 1));
    }
}
