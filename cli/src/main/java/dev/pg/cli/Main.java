package dev.pg.cli;

/**
 * The main class of {@code pg.jar}. It alone is compiled for Java 8, so that an older {@code java} prints what is missing
 * rather than a stack trace about class file versions; all else is {@link Launch}'s.
 */
public final class Main {
    private static final int OLDEST = 25;

    private Main() {}

    /** Runs pg, if this Java can. */
    public static void main(String[] args) {
        String version = System.getProperty("java.specification.version");
        boolean olderThanNine = version.startsWith("1.");
        if (olderThanNine || Integer.parseInt(version) < OLDEST) {
            System.err.println("pg: this is Java " + System.getProperty("java.version") + " in "
                    + System.getProperty("java.home") + "; pg needs Java " + OLDEST
                    + " or newer. Run ./pg, which finds one by itself, or start the jar with that java.");
            System.exit(1);
        }
        Launch.main(args);
    }
}
