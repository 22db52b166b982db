package dev.pg.model.image;

/** A resampling filter, with Pillow's constants and formulas ({@code src/libImaging/Resample.c}). */
public enum Filter {
    /** The triangle: {@code 1 - |x|} within one pixel. */
    BILINEAR(2, 1) {
        @Override
        double weight(double x) {
            double d = Math.abs(x);
            return d < 1 ? 1 - d : 0;
        }
    },
    /** Keys' cubic convolution with a = -0.5, within two pixels. */
    BICUBIC(3, 2) {
        @Override
        double weight(double x) {
            double a = -0.5;
            double d = Math.abs(x);
            if (d < 1) {
                return ((a + 2) * d - (a + 3)) * d * d + 1;
            }
            return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
        }
    };

    private final int code;
    private final double support;

    Filter(int code, double support) {
        this.code = code;
        this.support = support;
    }

    /** Pillow's number of the filter, which {@code "resample"} of a preprocessor_config.json names. */
    public int code() {
        return code;
    }

    /** How far the filter reaches to either side, in pixels of the coarser of the two grids. */
    double support() {
        return support;
    }

    abstract double weight(double x);
}
