package dev.pg.tokenizer;

import java.util.Arrays;

/**
 * The merges that are possible now, best first: a binary heap over longs, whose upper half is the priority of a merge (smaller first)
 * and whose lower half the left symbol, so that equals come from left to right.
 */
final class MergeQueue {
    private long[] heap = new long[32];
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    void add(int priority, int left) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        long entry = ((long) priority << 32) | left;
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            if (heap[parent] <= entry) {
                break;
            }
            heap[at] = heap[parent];
            at = parent;
        }
        heap[at] = entry;
    }

    /** Takes the first entry out: priority in the upper half, left symbol in the lower. */
    long poll() {
        long first = heap[0];
        long last = heap[--size];
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && heap[child + 1] < heap[child]) {
                child++;
            }
            if (last <= heap[child]) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = last;
        return first;
    }
}
