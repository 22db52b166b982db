package dev.pg.model.adapter;

import dev.pg.core.PgException;
import dev.pg.model.config.ConfigNode;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Which modules of a network an adapter is for, by the rules of PEFT ({@code check_target_module_exists} in its
 * {@code tuners_utils.py}). Names are those of the network that the adapter was trained on. Immutable and thread-safe.
 */
final class ModuleMatcher {
    private static final String ALL_LINEAR = "all-linear";
    private static final String ANY_LAYER = "[^.]*"; // without layers_pattern: the first number in the name

    private final Optional<NameSet> targets; // empty if the configuration leaves it open
    private final boolean allLinear;
    private final NameSet excluded;
    private final List<String> saved;
    private final List<Integer> layers; // empty for all
    private final List<Pattern> layerPatterns;

    /** Names, or an expression that a whole name must match. */
    private record NameSet(List<String> names, Optional<Pattern> expression) {
        static NameSet read(ConfigNode config, String key) {
            return config.isText(key)
                    ? new NameSet(List.of(), Optional.of(compile(config, key, config.text(key, ""))))
                    : new NameSet(config.texts(key), Optional.empty());
        }

        boolean contains(String module) {
            return expression
                    .map(e -> matches(e, module))
                    .orElseGet(
                            () -> names.stream().anyMatch(name -> module.equals(name) || module.endsWith("." + name)));
        }
    }

    private ModuleMatcher(ConfigNode config) {
        allLinear = config.isText("target_modules")
                && config.text("target_modules", "").equalsIgnoreCase(ALL_LINEAR);
        targets = allLinear || !config.has("target_modules")
                ? Optional.empty()
                : Optional.of(NameSet.read(config, "target_modules"));
        excluded = NameSet.read(config, "exclude_modules");
        saved = config.texts("modules_to_save");
        layers = config.integers("layers_to_transform");
        List<String> patterns = config.isText("layers_pattern")
                ? List.of(config.text("layers_pattern", ""))
                : config.texts("layers_pattern");
        layerPatterns = (patterns.isEmpty() ? List.of(ANY_LAYER) : patterns)
                .stream().map(p -> layerPattern(config, p)).toList();
    }

    /**
     * Reads the keys of {@code adapter_config.json} that name modules.
     *
     * @throws PgException if one is of a wrong type or no regular expression
     */
    static ModuleMatcher read(ConfigNode config) {
        return new ModuleMatcher(config);
    }

    /** Compiles an expression of Python's, whose syntax is Java's but for the mark of a named group. */
    static Pattern compile(ConfigNode config, String key, String expression) {
        try {
            return Pattern.compile(expression.replace("(?P<", "(?<"));
        } catch (PatternSyntaxException e) {
            throw config.wrong(key, "a regular expression (" + e.getDescription() + ")");
        }
    }

    /** True if {@code pattern} matches all of {@code module}. */
    static boolean matches(Pattern pattern, String module) {
        return pattern.matcher(new Bounded(module)).matches();
    }

    /** True if the adapter updates the linear layer {@code module}. */
    boolean targets(String module) {
        if (excluded.contains(module) || isSaved(module)) {
            return false;
        }
        if (targets.isEmpty()) {
            return true;
        }
        if (!targets.get().contains(module)) {
            return false;
        }
        boolean anyLayer = layers.isEmpty() || targets.get().expression().isPresent();
        return anyLayer || layers.contains(layer(module));
    }

    /** True if the configuration says that {@code module}, a linear layer, has an update; false also if it leaves that open. */
    boolean requires(String module) {
        return (targets.isPresent() || (allLinear && !module.endsWith("lm_head"))) && targets(module);
    }

    /** True if the adapter holds {@code module} whole. */
    boolean isSaved(String module) {
        String inside = "." + module + ".";
        return saved.stream().anyMatch(name -> inside.contains("." + name + "."));
    }

    private int layer(String module) {
        for (Pattern pattern : layerPatterns) {
            Matcher matcher = pattern.matcher(new Bounded(module));
            if (matcher.lookingAt()) {
                return Integer.parseInt(matcher.group("layer"));
            }
        }
        return -1;
    }

    private static Pattern layerPattern(ConfigNode config, String name) {
        return compile(config, "layers_pattern", "(?:.*?\\.)?(?:" + name + ")\\.(?<layer>\\d{1,6})\\.");
    }

    /** A name whose characters can be looked at so often: a hostile expression may backtrack for longer than the universe exists. */
    private static final class Bounded implements CharSequence {
        private static final int MOST_LOOKS = 1_000_000;

        private final String text;
        private int looks;

        Bounded(String text) {
            this.text = text;
        }

        @Override
        public char charAt(int index) {
            if (++looks > MOST_LOOKS) {
                throw new PgException("an expression in adapter_config.json takes too long to match \"" + text
                        + "\"; name the modules in target_modules instead");
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
