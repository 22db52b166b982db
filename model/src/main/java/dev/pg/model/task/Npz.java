package dev.pg.model.task;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Reads numpy's {@code savez} files: a zip of npy arrays (numpy, {@code lib/format.py}, versions 1 to 3). Float arrays of 2, 4 or 8
 * bytes, little-endian, in C order.
 */
final class Npz {
    /** All arrays together; PaliGemma's mask decoder has 10 MB. */
    private static final int MAX_BYTES = 128 << 20;

    private static final int MAX_ARRAYS = 4096;
    private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
    private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9, ]*)\\)");

    private final Path file;
    private final Map<String, Tensor> arrays = new HashMap<>();

    private Npz(Path file) {
        this.file = file;
    }

    /**
     * All arrays by name.
     *
     * @throws PgException if the file is unreadable, damaged, too large, or holds other arrays than those
     */
    static Map<String, Tensor> read(Path file) {
        Npz npz = new Npz(file);
        try (InputStream in = Files.newInputStream(file);
                ZipInputStream zip = new ZipInputStream(in)) {
            npz.read(zip);
        } catch (IOException e) {
            throw PgException.cannotRead(file, e);
        } catch (IllegalArgumentException e) {
            // A name in the zip that is no UTF-8.
            throw npz.wrong("it is damaged: " + e.getMessage());
        }
        return npz.arrays;
    }

    private void read(ZipInputStream zip) throws IOException {
        int left = MAX_BYTES;
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
            byte[] bytes = zip.readNBytes(left + 1);
            left -= bytes.length;
            if (left < 0 || arrays.size() == MAX_ARRAYS) {
                throw wrong("it holds more than " + (MAX_BYTES >> 20) + " MB or " + MAX_ARRAYS + " arrays");
            }
            String name = entry.getName();
            if (name.endsWith(".npy")) {
                String key = name.substring(0, name.length() - ".npy".length());
                if (arrays.put(key, array(key, bytes)) != null) {
                    throw wrong("it holds \"" + key + "\" twice");
                }
            }
        }
    }

    private PgException wrong(String what) {
        return new PgException(file + ": " + what + "; expected float arrays saved by numpy.savez");
    }

    private Tensor array(String key, byte[] bytes) {
        String place = "array \"" + key + "\" ";
        if (bytes.length < 12 || !new String(bytes, 0, 6, StandardCharsets.ISO_8859_1).equals("\u0093NUMPY")) {
            throw wrong(place + "is not in npy format");
        }
        // Version 1 has two bytes of header length, later ones four, little-endian.
        long length = (bytes[8] & 0xff) | (bytes[9] & 0xff) << 8;
        int start = 10;
        if (bytes[6] > 1) {
            length |= (long) (bytes[10] & 0xff) << 16 | (long) (bytes[11] & 0xff) << 24;
            start = 12;
        }
        if (start + length > bytes.length) {
            throw wrong(place + "is cut off in its header");
        }
        int data = start + (int) length;
        String header = new String(bytes, start, (int) length, StandardCharsets.UTF_8);
        DType type = switch (find(TYPE, header, place)) {
            case "<f2" -> DType.F16;
            case "<f4" -> DType.F32;
            case "<f8" -> DType.F64;
            default -> throw wrong(place + "is of type " + find(TYPE, header, place));
        };
        long[] shape = shape(find(SHAPE, header, place), place);
        if (find(ORDER, header, place).equals("True")) {
            throw wrong(place + "is in Fortran order; save numpy.ascontiguousarray of it");
        }
        long size = type.bytes();
        for (long n : shape) {
            size = size > bytes.length ? size : size * n; // no overflow: both factors are below 2^30
        }
        if (size != bytes.length - data) {
            throw wrong(place + "says " + header.strip() + " and has " + (bytes.length - data) + " bytes");
        }
        return new Tensor(key, type, shape, MemorySegment.ofArray(bytes).asSlice(data));
    }

    private String find(Pattern pattern, String header, String place) {
        Matcher matcher = pattern.matcher(header);
        if (!matcher.find()) {
            throw wrong(place + "has a header that cannot be read");
        }
        return matcher.group(1);
    }

    private long[] shape(String list, String place) {
        String[] sizes = list.isBlank() ? new String[0] : list.strip().split("[, ]+");
        long[] shape = new long[sizes.length];
        for (int i = 0; i < shape.length; i++) {
            if (sizes[i].isEmpty() || sizes[i].length() > 9 || shape.length > 32) {
                throw wrong(place + "has an impossible shape");
            }
            shape[i] = Long.parseLong(sizes[i]);
        }
        return shape;
    }
}
