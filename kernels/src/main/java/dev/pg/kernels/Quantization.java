package dev.pg.kernels;

import dev.pg.core.PgException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The number formats that store a weight in eight or in four bits. Both divide a row into groups of {@value #GROUP} inputs, and a group
 * stands for evenly spaced numbers, with a scale and a zero point of its own:
 *
 * <pre>
 *   Q8:  w = scale · (q − 12 · zero − 134)        0 ≤ q &lt; 256
 *   Q4:  w = scale · (3 · q − 2 · zero − 23)      0 ≤ q &lt; 16
 * </pre>
 *
 * with whole numbers −8 ≤ zero &lt; 8. So the zero point of Q4 moves by two thirds of what lies between two neighbours, and a product with a
 * whole number is one. The scale is one of the matrix's {@value #LEVELS} <i>levels</i>, numbers ≥ 0 that were fitted to it. So a group costs
 * one byte beside its weights: 8.5 and 4.5 bits a weight, and {@value #LEVELS} floats a matrix.
 *
 * <p>The bytes lie in the order in which {@link FewTiles} reads them, one straight stream. A tile is {@value #TILE} rows; rows beyond the
 * last are there and mean nothing, and so are inputs beyond the last. Tile follows tile, and within it group follows group:
 *
 * <pre>
 *   byte  codes[64]       of row r: number of the level + 16 · zero
 *   short words[n][64]    little-endian; n = 8 with eight bits, 4 with four
 *
 *   Q8: inputs 2i and 2i+1 of row r are the bytes of words[i][r], the lower first
 *   Q4: inputs 2i and 2i+1 are the low halves of its bytes, inputs 8+2i and 9+2i the high ones
 * </pre>
 *
 * Products with up to {@link FewRows#MAX_TOKENS} tokens take these tokens rounded, see {@link TileTokens}; with more tokens, weights
 * become floats again and tokens keep all their bits.
 */
public enum Quantization {
    Q8(8, 1, 12, 134),
    Q4(4, 3, 2, 23);

    /** Inputs of a group. */
    public static final int GROUP = 16;

    /** Rows of a tile. */
    public static final int TILE = 64;

    /** Different scales of groups in one matrix. */
    public static final int LEVELS = 16;

    private final int bits;
    private final int spacing;
    private final int zeroSpacing;
    private final int middle;

    Quantization(int bits, int spacing, int zeroSpacing, int middle) {
        this.bits = bits;
        this.spacing = spacing;
        this.zeroSpacing = zeroSpacing;
        this.middle = middle;
    }

    /** Bits of a weight, without its share of the group's code. */
    public int bits() {
        return bits;
    }

    /** The largest q. */
    int most() {
        return (1 << bits) - 1;
    }

    /** From a q to the next, in scales: 1 or 3. */
    int spacing() {
        return spacing;
    }

    /** From a zero point to the next, in scales: 12 or 2. */
    int zeroSpacing() {
        return zeroSpacing;
    }

    /** What zero point 0 takes off, in scales: 134 or 23. */
    int middle() {
        return middle;
    }

    /** What is taken off spacing · q in a group of this code. */
    int offset(byte code) {
        return zeroSpacing * (code >> 4) + middle;
    }

    /** Words of a row in a group. */
    int words() {
        return GROUP * bits / Short.SIZE;
    }

    /** Bytes of a group of a tile, codes and words. */
    public int groupBytes() {
        return TILE + TILE * words() * Short.BYTES;
    }

    /** Bytes of a weight with its share of the group's code: 1.0625 or 0.5625. */
    public double bytesPerWeight() {
        return (double) groupBytes() / (TILE * GROUP);
    }

    /** The shape of the bytes of a matrix [rows × cols]: tiles, groups, bytes of a group. */
    public long[] packedShape(int rows, int cols) {
        return new long[] {Math.ceilDiv(rows, TILE), Math.ceilDiv(cols, GROUP), groupBytes()};
    }

    /**
     * The format of that name.
     *
     * @param name {@code q8} or {@code q4}, in any case
     * @throws PgException if it is neither
     */
    public static Quantization parse(String name) {
        for (Quantization value : values()) {
            if (value.name().equalsIgnoreCase(name)) {
                return value;
            }
        }
        String names = Arrays.stream(values())
                .map(q -> q.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(" or "));
        throw new PgException("unknown quantised format \"" + name + "\"; choose " + names);
    }
}
