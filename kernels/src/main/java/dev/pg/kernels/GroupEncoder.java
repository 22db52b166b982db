package dev.pg.kernels;

import static dev.pg.kernels.Quantization.GROUP;
import static dev.pg.kernels.Quantization.TILE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Encodes one group of a tile: tries bounds around those that just hold the weights, and keeps those with the least squared error. Narrower
 * bounds cut the outermost weights off and store all others better; with four bits that takes a sixth off the error.
 *
 * <p>Loops run over the rows of the tile innermost, so that the compiler can make vectors of them. Not thread-safe.
 */
final class GroupEncoder {
    private final Quantization format;
    private final float[] levels;
    private final int narrowest; // levels below the one that holds the weights, to be tried
    private final int widest;

    private final float[] high = new float[TILE];
    private final float[] low = new float[TILE];
    private final float[] step = new float[TILE];
    private final float[] inverse = new float[TILE];
    private final float[] offset = new float[TILE];
    private final float[] error = new float[TILE];
    private final float[] leastError = new float[TILE];
    private final int[] highCode = new int[TILE];
    private final int[] lowCode = new int[TILE];
    private final int[] bestCode = new int[TILE];
    private final int[] quantized = new int[GROUP * TILE];

    GroupEncoder(Quantization format, float[] levels) {
        this.format = format;
        this.levels = levels;
        boolean eight = format == Quantization.Q8;
        narrowest = eight ? -1 : -3;
        widest = eight ? 0 : 1;
    }

    /**
     * The bounds that hold the weights: {@code high[r]} and {@code low[r]} for each row of {@code w} [GROUP × TILE]. The largest weight is a
     * step below the upper bound.
     */
    static void bounds(Quantization format, float[] w, float[] high, float[] low) {
        Arrays.fill(high, 0);
        Arrays.fill(low, 0);
        for (int k = 0; k < GROUP; k++) {
            for (int r = 0; r < TILE; r++) {
                high[r] = Math.max(high[r], w[k * TILE + r]);
                low[r] = Math.max(low[r], -w[k * TILE + r]);
            }
        }
        float part = 1 / format.steps();
        for (int r = 0; r < TILE; r++) {
            high[r] = high[r] == 0 ? 0 : (high[r] + low[r] * part) / (1 - part);
        }
    }

    /** Encodes {@code w} [GROUP × TILE]: its codes and its words go to these bytes of {@code target}. */
    void encode(float[] w, MemorySegment target, long codesAt, long wordsAt) {
        bounds(format, w, high, low);
        for (int r = 0; r < TILE; r++) {
            highCode[r] = code(high[r]);
            lowCode[r] = code(low[r]);
        }
        Arrays.fill(leastError, Float.POSITIVE_INFINITY);
        for (int up = narrowest; up <= widest; up++) {
            for (int down = narrowest; down <= widest; down++) {
                attempt(w, up, down);
            }
        }
        for (int r = 0; r < TILE; r++) {
            use(r, bestCode[r]);
            target.set(ValueLayout.JAVA_BYTE, codesAt + r, (byte) bestCode[r]);
        }
        quantize(w);
        store(target, wordsAt);
    }

    /** The level that holds {@code bound}. */
    private int code(float bound) {
        int code = 0;
        while (code < Quantization.LEVELS - 1 && levels[code] < bound) {
            code++;
        }
        return code;
    }

    private void use(int r, int code) {
        low[r] = levels[code & 15];
        float range = low[r] + levels[code >> 4];
        step[r] = range / format.steps();
        inverse[r] = range > 0 ? format.steps() / range : 0;
        offset[r] = low[r] * inverse[r] + 0.5f;
    }

    private void attempt(float[] w, int up, int down) {
        for (int r = 0; r < TILE; r++) {
            int h = Math.clamp(highCode[r] + up, 0, Quantization.LEVELS - 1);
            int l = Math.clamp(lowCode[r] + down, 0, Quantization.LEVELS - 1);
            use(r, h << 4 | l);
            quantized[r] = h << 4 | l;
        }
        errors(w);
        for (int r = 0; r < TILE; r++) {
            if (error[r] < leastError[r]) {
                leastError[r] = error[r];
                bestCode[r] = quantized[r];
            }
        }
    }

    private void errors(float[] w) {
        int most = (1 << format.bits()) - 1;
        Arrays.fill(error, 0);
        for (int k = 0; k < GROUP; k++) {
            for (int r = 0; r < TILE; r++) {
                float value = w[k * TILE + r];
                int q = Math.max(0, Math.min(most, (int) (value * inverse[r] + offset[r])));
                float e = step[r] * q - low[r] - value;
                error[r] += e * e;
            }
        }
    }

    private void quantize(float[] w) {
        int most = (1 << format.bits()) - 1;
        for (int k = 0; k < GROUP; k++) {
            for (int r = 0; r < TILE; r++) {
                int q = (int) (w[k * TILE + r] * inverse[r] + offset[r]);
                quantized[k * TILE + r] = Math.max(0, Math.min(most, q));
            }
        }
    }

    private void store(MemorySegment target, long at) {
        for (int i = 0; i < format.words(); i++) {
            for (int r = 0; r < TILE; r++) {
                int word = 0;
                for (int b = 0; b < Integer.BYTES; b++) {
                    if (format == Quantization.Q8) {
                        word |= quantized[(4 * i + b) * TILE + r] << (8 * b);
                    } else {
                        int two = quantized[(8 * i + b) * TILE + r] | (quantized[(8 * i + 4 + b) * TILE + r] << 4);
                        word |= two << (8 * b);
                    }
                }
                target.set(QuantizedWeights.INT, at + (i * TILE + r) * (long) Integer.BYTES, word);
            }
        }
    }
}
