package dev.pg.cli;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * What stands before the numbers in a file of numpy.
 *
 * @see <a href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">the format, version 1.0</a>
 */
final class NpyHeader {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    private static final int ALIGNMENT = 64;

    private NpyHeader() {}

    /**
     * The header of a row-major array of little-endian float32.
     *
     * @param shape the sizes, with commas between them; at least two
     */
    static byte[] of(String shape) {
        String dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
        int used = MAGIC.length + Short.BYTES + dictionary.length() + 1;
        String padded = dictionary + " ".repeat(Math.floorMod(-used, ALIGNMENT)) + "\n";
        return ByteBuffer.allocate(MAGIC.length + Short.BYTES + padded.length())
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .putShort((short) padded.length())
                .put(padded.getBytes(StandardCharsets.US_ASCII))
                .array();
    }
}
