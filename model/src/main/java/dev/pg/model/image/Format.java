package dev.pg.model.image;

/** The picture formats that can be read, by the bytes that files of each begin with. */
enum Format {
    PNG {
        @Override
        boolean matches(PictureFile file) {
            return file.has(0, "\u0089PNG\r\n\u001a\n");
        }

        @Override
        Image decode(PictureFile file) {
            return Png.decode(file);
        }
    };

    abstract boolean matches(PictureFile file);

    abstract Image decode(PictureFile file);

    /** The format of {@code file}, or an error that says what the file seems to be. */
    static Format of(PictureFile file) {
        if (file.length() == 0) {
            throw file.broken("the file is empty; expected a picture");
        }
        for (Format format : values()) {
            if (format.matches(file)) {
                return format;
            }
        }
        throw file.broken("is no picture that can be read; expected PNG, JPEG, GIF, BMP or WebP");
    }
}
