package dev.pg.kernels;

import dev.pg.core.PgException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The number formats that store a weight in eight or in four bits. Both divide a row into groups of {@value #GROUP} inputs, and a group
 * stands for evenly spaced numbers between two bounds of its own:
 *
 * <pre>
 *   w = (low + high) · q / 2^bits − low,   0 ≤ q &lt; 2^bits
 * </pre>
 *
 * The bounds are two of the matrix's {@value #LEVELS} <i>levels</i>, numbers ≥ 0 that were fitted to it. So a group costs one byte
 * beside its weights: 8.5 and 4.5 bits a weight, and {@value #LEVELS} floats a matrix.
 *
 * <p>The bytes lie in the order in which {@link FewTiles} reads them, one straight stream. A tile is {@value #TILE} rows; rows beyond the
 * last are there and mean nothing, and so are inputs beyond the last. Tile follows tile, and within it block follows block, each of
 * {@value #BLOCK} groups or, the last, of those that are left:
 *
 * <pre>
 *   byte codes[groups][64]      of row r: level of low + 16 · level of high
 *   int  words[groups][n][64]   little-endian; n = 4 with eight bits, 2 with four
 *
 *   Q8: inputs 4i to 4i+3 of row r are the bytes of words[group][i][r], lowest first
 *   Q4: inputs 8i to 8i+3 are the low halves of its bytes, inputs 8i+4 to 8i+7 the high ones
 * </pre>
 *
 * Products with up to {@link FewRows#MAX_TOKENS} tokens take these tokens rounded, see {@link TileTokens}; with more tokens, weights
 * become floats again and tokens keep all their bits.
 */
public enum Quantization {
    Q8(8),
    Q4(4);

    /** Inputs of a group. */
    public static final int GROUP = 16;

    /** Groups of a block: its weights, their bounds and its part of one token stay in an L1 cache of 32 KB. */
    static final int BLOCK = 16;

    /** Rows of a tile. */
    public static final int TILE = 64;

    /** Different bounds of groups in one matrix. */
    public static final int LEVELS = 16;

    private final int bits;

    Quantization(int bits) {
        this.bits = bits;
    }

    /** Bits of a weight, without its share of the group's bounds. */
    public int bits() {
        return bits;
    }

    /** Values of a weight, as a float: 2^bits. */
    float steps() {
        return 1 << bits;
    }

    /** Words of a row in a group. */
    int words() {
        return GROUP * bits / Integer.SIZE;
    }

    /** Bytes of the words of a group of a tile. */
    int wordBytes() {
        return TILE * words() * Integer.BYTES;
    }

    /** Bytes of a group of a tile, codes and words. */
    public int groupBytes() {
        return TILE + wordBytes();
    }

    /** Bytes of a weight with its share of the group's bounds: 1.0625 or 0.5625. */
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
