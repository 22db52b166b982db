package dev.pg.model.image;

/** What size a picture gets before a vision tower sees it. */
sealed interface Sizing {
    /** The size for a picture of {@code width × height} pixels. */
    Size of(int width, int height);

    /** One size for all, whatever their aspect ratio. */
    record Fixed(Size size) implements Sizing {
        @Override
        public Size of(int width, int height) {
            return size;
        }
    }

    /**
     * About the aspect ratio of the picture, in whole patches and as many of them as the budget allows: {@code
     * get_image_size_for_max_num_patches} in transformers' {@code image_processing_siglip2.py}.
     *
     * @param patchSize side of a patch in pixels
     * @param maxPatches most patches that a picture may have
     */
    record Budget(int patchSize, int maxPatches) implements Sizing {
        private static final double EPSILON = 1e-5;

        @Override
        public Size of(int width, int height) {
            double low = EPSILON / 10;
            double high = 100;
            while (high - low >= EPSILON) {
                double scale = (low + high) / 2;
                if ((double) patches(height, scale) * patches(width, scale) <= maxPatches) {
                    low = scale;
                } else {
                    high = scale;
                }
            }
            return new Size(patches(width, low) * patchSize, patches(height, low) * patchSize);
        }

        /** Patches along a side of {@code size} pixels: what is begun counts whole, and there is at least one. */
        private int patches(int size, double scale) {
            return Math.max(1, (int) Math.ceil(size * scale / patchSize));
        }
    }
}
