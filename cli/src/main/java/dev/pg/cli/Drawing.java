package dev.pg.cli;

import dev.pg.core.PgException;
import dev.pg.model.image.Image;
import dev.pg.model.task.Box;
import dev.pg.model.task.ObjectMask;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;

/** A copy of a picture, with boxes, labels and masks painted on it. */
final class Drawing {
    /** Opacity of a mask: what lies below stays visible. */
    private static final float MASK_OPACITY = 0.5f;

    private final BufferedImage picture;
    private final Palette palette;
    private final int line; // width of a box's edge, in pixels

    Drawing(Image image, Palette palette) {
        this.picture = image.toBufferedImage();
        this.palette = palette;
        this.line = Math.max(2, Math.min(image.width(), image.height()) / 200);
    }

    /** The picture with all that was drawn so far. */
    BufferedImage picture() {
        return picture;
    }

    /** Paints a mask in the colour of its label. */
    void mask(ObjectMask mask, String label) {
        Color color = palette.of(label);
        byte[] alpha = mask.alpha(); // [height × width]
        for (int y = 0; y < mask.height(); y++) {
            for (int x = 0; x < mask.width(); x++) {
                float opacity = MASK_OPACITY * (alpha[y * mask.width() + x] & 0xff) / 255;
                int column = mask.left() + x;
                int row = mask.top() + y;
                picture.setRGB(column, row, blend(picture.getRGB(column, row), color.getRGB(), opacity));
            }
        }
    }

    private static int blend(int below, int above, float opacity) {
        int out = 0;
        for (int shift = 0; shift <= 16; shift += 8) {
            int from = below >> shift & 0xff;
            int to = above >> shift & 0xff;
            out |= Math.round(from + (to - from) * opacity) << shift;
        }
        return out;
    }

    /**
     * Paints a box, and its label on a ground of the same colour: above the box, or inside it where there is no room above.
     *
     * @throws PgException if this machine has no fonts
     */
    void box(Box box, String label) {
        Color color = palette.of(label);
        Graphics2D graphics = picture.createGraphics();
        try {
            graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            graphics.setColor(color);
            graphics.setStroke(new BasicStroke(line));
            graphics.draw(new Rectangle2D.Float(box.xMin(), box.yMin(), box.width(), box.height()));
            if (!label.isEmpty()) {
                label(graphics, box, label, color);
            }
        } finally {
            graphics.dispose();
        }
    }

    private void label(Graphics2D graphics, Box box, String label, Color ground) {
        FontMetrics metrics = metrics(graphics);
        int width = metrics.stringWidth(label) + 2 * line;
        int height = metrics.getHeight();
        int left = Math.clamp(Math.round(box.xMin()) - line / 2, 0, Math.max(0, picture.getWidth() - width));
        int above = Math.round(box.yMin()) - height;
        int top = Math.clamp(above < 0 ? Math.round(box.yMin()) : above, 0, Math.max(0, picture.getHeight() - height));
        graphics.fillRect(left, top, width, height);
        graphics.setColor(luminance(ground) > 140 ? Color.BLACK : Color.WHITE);
        graphics.drawString(label, left + line, top + metrics.getAscent());
    }

    private FontMetrics metrics(Graphics2D graphics) {
        int size = Math.max(11, Math.min(picture.getWidth(), picture.getHeight()) / 28);
        try {
            graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, size));
            return graphics.getFontMetrics();
        } catch (InternalError | RuntimeException e) {
            // What Java throws where fontconfig finds nothing differs from version to version.
            throw new PgException(
                    "labels cannot be drawn, Java finds no fonts here; install some, for example: apt install fontconfig"
                            + " fonts-dejavu-core",
                    e);
        }
    }

    /** Brightness as eyes see it, 0 to 255 (ITU-R BT.601). */
    private static double luminance(Color color) {
        return 0.299 * color.getRed() + 0.587 * color.getGreen() + 0.114 * color.getBlue();
    }
}
