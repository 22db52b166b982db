package dev.pg.model.generate;

import java.util.random.RandomGenerator;

/**
 * Draws tokens from a row of logits by temperature, then top-k, then top-p, as the logits warpers of transformers do
 * ({@code TemperatureLogitsWarper}, {@code TopKLogitsWarper}, {@code TopPLogitsWarper} in generation/logits_process.py).
 *
 * <p>A draw takes one number u in [0, 1) from the random stream and returns the first token, in the order of ids, at which
 * the cumulative probability of the tokens that the filters kept exceeds u. Owns its scratch memory, so drawing allocates
 * nothing; not thread-safe.
 */
final class Sampler {
    private final double temperature;
    private final int topK;
    private final double topP;
    private final double[] weights; // [vocabulary], exp(logit / temperature), the largest being 1
    private final long[] keys; // [vocabulary], a max-heap with the popped keys behind it; empty without filters
    private int heapSize;

    Sampler(GenerationOptions options, int vocabulary) {
        temperature = options.temperature();
        topK = options.topK() == 0 ? vocabulary : Math.min(options.topK(), vocabulary);
        topP = options.topP();
        weights = new double[vocabulary];
        keys = new long[topK < vocabulary || topP < 1 ? vocabulary : 0];
    }

    /**
     * A token drawn from the logits at {@code x[at]}, as many as the vocabulary has tokens.
     *
     * @param largest the largest of these logits
     */
    int draw(float[] x, int at, float largest, RandomGenerator random) {
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.exp(((double) x[at + i] - largest) / temperature);
        }
        if (keys.length > 0) {
            filter(x, at);
        }
        double rest = random.nextDouble() * sum();
        int id = 0;
        for (int i = 0; i < weights.length && rest >= 0; i++) {
            if (weights[i] > 0) {
                id = i;
                rest -= weights[i];
            }
        }
        return id;
    }

    private double sum() {
        double sum = 0;
        for (double weight : weights) {
            sum += weight;
        }
        return sum;
    }

    /** Sets the weights of tokens that top-k and top-p remove to 0. */
    private void filter(float[] x, int at) {
        for (int i = 0; i < keys.length; i++) {
            keys[i] = key(x[at + i], i);
        }
        heapSize = keys.length;
        for (int i = heapSize / 2 - 1; i >= 0; i--) {
            siftDown(i);
        }
        int kept = topK < keys.length ? popTopK() : keys.length;
        long last = topP < 1 ? lastOfNucleus(kept) : keys[keys.length - kept];
        for (int i = 0; i < keys.length; i++) {
            if (key(x[at + i], i) < last) {
                weights[i] = 0;
            }
        }
    }

    /** Pops the {@code topK} largest keys and those whose logits equal the last of them, and says how many these are. */
    private int popTopK() {
        for (int i = 0; i < topK; i++) {
            pop();
        }
        while (heapSize > 0 && keys[0] >> 32 == keys[heapSize] >> 32) {
            pop();
        }
        return keys.length - heapSize;
    }

    /** The last key of the shortest run of likely tokens that has {@code topP} of the mass of the {@code kept} likeliest. */
    private long lastOfNucleus(int kept) {
        double total = 0;
        if (kept == keys.length) {
            total = sum();
        } else {
            for (int i = heapSize; i < keys.length; i++) {
                total += weights[id(keys[i])];
            }
        }
        double mass = 0;
        for (int rank = 0; rank < kept; rank++) {
            int i = keys.length - 1 - rank;
            if (i < heapSize) {
                pop();
            }
            mass += weights[id(keys[i])];
            if (mass >= topP * total) {
                return keys[i];
            }
        }
        return keys[keys.length - kept];
    }

    /** Orders by logit, and equal logits by descending id: the lowest id is the largest key. */
    private static long key(float logit, int id) {
        int bits = Float.floatToRawIntBits(logit + 0f); // + 0f: negative zero is zero
        int ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE);
        return (long) ordered << 32 | (Integer.MAX_VALUE - id);
    }

    private static int id(long key) {
        return Integer.MAX_VALUE - (int) key;
    }

    /** Moves the largest key of the heap behind it. */
    private void pop() {
        heapSize--;
        long largest = keys[0];
        keys[0] = keys[heapSize];
        keys[heapSize] = largest;
        siftDown(0);
    }

    private void siftDown(int hole) {
        long key = keys[hole];
        int parent = hole;
        for (int child = 2 * parent + 1; child < heapSize; child = 2 * parent + 1) {
            if (child + 1 < heapSize && keys[child + 1] > keys[child]) {
                child++;
            }
            if (keys[child] <= key) {
                break;
            }
            keys[parent] = keys[child];
            parent = child;
        }
        keys[parent] = key;
    }
}
