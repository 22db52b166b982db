package dev.pg.cli;

import java.awt.Color;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One colour for each label, the same in all pictures of a run. */
final class Palette {
    /** Paul Tol's "bright" scheme: distinct for all kinds of colour vision, and on dark and light grounds. */
    private static final List<Color> COLORS = List.of(
            new Color(0x4477AA),
            new Color(0xEE6677),
            new Color(0x228833),
            new Color(0xCCBB44),
            new Color(0x66CCEE),
            new Color(0xAA3377));

    private final Map<String, Color> byLabel = new HashMap<>();

    /** The colour of {@code label}; they repeat after the sixth. */
    Color of(String label) {
        return byLabel.computeIfAbsent(label, _ -> COLORS.get(byLabel.size() % COLORS.size()));
    }
}
