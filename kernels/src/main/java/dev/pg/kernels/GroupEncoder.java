package dev.pg.kernels;

import static dev.pg.kernels.Quantization.GROUP;
import static dev.pg.kernels.Quantization.TILE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Encodes one group of a tile: tries scales and zero points around those that just hold the weights, and keeps those with the least squared
 * error. A smaller scale cuts the outermost weights off and stores all others better; with four bits that takes a sixth off the error.
 *
 * <p>Loops run over the rows of the tile innermost, so that the compiler can make vectors of them. Not thread-safe.
 */
final class GroupEncoder {
    private final Quantization format;
    private final float[] levels;
    private final int smallest; // levels below the one that holds the weights, to be tried
    private final int largest;
    private final int farthest; // zero points on either side of the one that cuts off as much above as below

    private final float[] scale = new float[TILE]; // that holds the weights
    private final float[] middle = new float[TILE]; // of the weights
    private final float[] step = new float[TILE];
    private final float[] low = new float[TILE];
    private final float[] inverse = new float[TILE];
    private final float[] offset = new float[TILE];
    private final float[] error = new float[TILE];
    private final float[] leastError = new float[TILE];
    private final int[] level = new int[TILE]; // that holds the weights
    private final byte[] code = new byte[TILE];
    private final byte[] bestCode = new byte[TILE];
    private final int[] quantized = new int[GROUP * TILE];

    GroupEncoder(Quantization format, float[] levels) {
        this.format = format;
        this.levels = levels;
        boolean eight = format == Quantization.Q8;
        smallest = eight ? -1 : -3;
        largest = eight ? 0 : 1;
        farthest = eight ? 1 : 2;
    }

    /**
     * The least scale that holds the weights: {@code scale[r]} for each row of {@code w} [GROUP × TILE], and {@code middle[r]} between
     * the largest and the smallest of them.
     */
    static void hold(Quantization format, float[] w, float[] scale, float[] middle) {
        float[] high = scale;
        float[] low = middle;
        System.arraycopy(w, 0, high, 0, TILE);
        System.arraycopy(w, 0, low, 0, TILE);
        for (int k = 1; k < GROUP; k++) {
            for (int r = 0; r < TILE; r++) {
                high[r] = Math.max(high[r], w[k * TILE + r]);
                low[r] = Math.min(low[r], w[k * TILE + r]);
            }
        }
        int span = format.spacing() * format.most();
        for (int r = 0; r < TILE; r++) {
            float max = high[r];
            float min = low[r];
            middle[r] = (max + min) / 2;
            float wanted = (span / 2f - middle[r] * (span / (max - min)) - format.middle()) / format.zeroSpacing();
            int zero = (int) Math.floor(Math.clamp(wanted, -8f, 6f)); // that one or the next; of NaN it becomes 0
            int offset = format.zeroSpacing() * zero + format.middle();
            int next = offset + format.zeroSpacing();
            scale[r] = Math.min(
                    Math.max(-min / offset, max / (span - offset)), Math.max(-min / next, max / (span - next)));
        }
    }

    /** Encodes {@code w} [GROUP × TILE] to the bytes of {@code target} from {@code at}. */
    void encode(float[] w, MemorySegment target, long at) {
        hold(format, w, scale, middle);
        for (int r = 0; r < TILE; r++) {
            level[r] = level(scale[r]);
        }
        Arrays.fill(leastError, Float.POSITIVE_INFINITY);
        for (int up = smallest; up <= largest; up++) {
            for (int shift = -farthest; shift <= farthest; shift++) {
                attempt(w, up, shift);
            }
        }
        for (int r = 0; r < TILE; r++) {
            use(r, bestCode[r]);
            target.set(ValueLayout.JAVA_BYTE, at + r, bestCode[r]);
        }
        quantize(w);
        store(target, at + TILE);
    }

    /** The level that holds {@code scale}. */
    private int level(float scale) {
        int i = 0;
        while (i < Quantization.LEVELS - 1 && levels[i] < scale) {
            i++;
        }
        return i;
    }

    private void use(int r, byte code) {
        step[r] = levels[code & 15] * format.spacing();
        low[r] = levels[code & 15] * format.offset(code);
        inverse[r] = step[r] > 0 ? 1 / step[r] : 0;
        offset[r] = (float) format.offset(code) / format.spacing() + 0.5f;
        this.code[r] = code;
    }

    private void attempt(float[] w, int up, int shift) {
        float half = format.spacing() * format.most() / 2f - format.middle();
        for (int r = 0; r < TILE; r++) {
            int i = Math.clamp(level[r] + up, 0, Quantization.LEVELS - 1);
            float wanted = levels[i] > 0 ? (half - middle[r] / levels[i]) / format.zeroSpacing() : 0;
            int zero = Math.clamp(Math.round(wanted) + shift, -8, 7);
            use(r, (byte) (zero << 4 | i));
        }
        errors(w);
        for (int r = 0; r < TILE; r++) {
            if (error[r] < leastError[r]) {
                leastError[r] = error[r];
                bestCode[r] = code[r];
            }
        }
    }

    private void errors(float[] w) {
        int most = format.most();
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
        for (int k = 0; k < GROUP; k++) {
            for (int r = 0; r < TILE; r++) {
                int q = (int) (w[k * TILE + r] * inverse[r] + offset[r]);
                quantized[k * TILE + r] = Math.max(0, Math.min(format.most(), q));
            }
        }
    }

    private void store(MemorySegment target, long at) {
        for (int i = 0; i < format.words(); i++) {
            for (int r = 0; r < TILE; r++) {
                int word = q(2 * i, r) | q(2 * i + 1, r) << 8;
                if (format == Quantization.Q4) {
                    word |= q(8 + 2 * i, r) << 4 | q(9 + 2 * i, r) << 12;
                }
                target.set(QuantizedWeights.SHORT, at + (i * TILE + r) * (long) Short.BYTES, (short) word);
            }
        }
    }

    private int q(int input, int row) {
        return quantized[input * TILE + row];
    }
}
