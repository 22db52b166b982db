package dev.pg.model.image;

/** BMP: 1 to 32 bits a pixel, plain, run-length encoded or with bit fields. */
final class Bmp {
    private static final int FILE_HEADER = 14;
    private static final int CORE_HEADER = 12;

    /** A run of 255 pixels takes two bytes, and an end of line, which leaves the rest of a row empty, does too. */
    private static final int RUN_PIXELS_PER_BYTE = PictureFile.MAX_SIDE / 2;

    private Bmp() {}

    static Image decode(PictureFile file) {
        boolean core = file.u32le(FILE_HEADER) == CORE_HEADER;
        long width = core ? file.u16le(18) : file.u32le(18);
        // A negative height means that the top row comes first.
        long height = core ? file.u16le(20) : Math.abs((long) (int) file.u32le(22));
        int depth = file.u16le(core ? 24 : 28);
        long compression = core ? 0 : file.u32le(30);
        long colors = core ? 0 : file.u32le(46);
        boolean plain = compression == 0 || compression == 3;
        boolean runs = compression == 1 || compression == 2;
        if ((!plain && !runs) || depth < 1 || depth > 32 || colors > 256) {
            throw file.broken("the BMP is of an unusual kind (" + depth + " bits, compression " + compression + ", "
                    + colors + " colours); save it as PNG");
        }
        file.admit(width, height, 3 + Math.max(1, depth / 8));
        if (plain) {
            long row = (width * depth + 31) / 32 * 4;
            if (file.u32le(10) + row * height > file.length()) {
                throw file.cutOff();
            }
        } else {
            file.admitDensity(width, height, file.length(), RUN_PIXELS_PER_BYTE);
        }
        return JavaCodec.run(
                JavaCodec.jdk("bmp"),
                file,
                reader -> Samples.take(reader.read(0), file.options().gray16()));
    }
}
