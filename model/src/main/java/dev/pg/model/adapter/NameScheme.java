package dev.pg.model.adapter;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the network that an adapter was trained on called its modules: transformers has changed the names several times. The part of
 * a name that differs from the one in {@link dev.pg.model.ModelTensors} is learned from the adapter's own modules, for each tower.
 */
final class NameScheme {
    private record Prefix(String role, String name) {}

    private final Map<String, Prefix> prefixes = new HashMap<>(); // by tower: the first part of a role

    private NameScheme() {}

    static NameScheme of(Adapter adapter) {
        NameScheme scheme = new NameScheme();
        for (Adapter.Module module : adapter.modules()) {
            scheme.prefixes.computeIfAbsent(tower(module.role()), t -> prefix(module.role(), module.name()));
        }
        return scheme;
    }

    private static String tower(String role) {
        return role.substring(0, Math.max(role.indexOf('.'), 0));
    }

    /** What is left of both in front of their longest common tail of whole parts. */
    private static Prefix prefix(String role, String name) {
        List<String> roleParts = Arrays.asList(role.split("\\."));
        List<String> nameParts = Arrays.asList(name.split("\\."));
        int common = 0;
        while (common < Math.min(roleParts.size(), nameParts.size())
                && roleParts.get(roleParts.size() - 1 - common).equals(nameParts.get(nameParts.size() - 1 - common))) {
            common++;
        }
        return new Prefix(head(roleParts, common), head(nameParts, common));
    }

    private static String head(List<String> parts, int tail) {
        return String.join(
                "",
                parts.subList(0, parts.size() - tail).stream()
                        .map(part -> part + ".")
                        .toList());
    }

    /** True if the adapter has a module in the tower of {@code role}, so that it is known how it calls others there. */
    boolean knows(String role) {
        Prefix prefix = prefixes.get(tower(role));
        return prefix != null && role.startsWith(prefix.role);
    }

    /** What the adapter calls {@code role}, of which it {@link #knows}. */
    String name(String role) {
        Prefix prefix = prefixes.get(tower(role));
        return prefix.name + role.substring(prefix.role.length());
    }
}
