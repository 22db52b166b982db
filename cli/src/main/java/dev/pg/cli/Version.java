package dev.pg.cli;

import picocli.CommandLine.IVersionProvider;

/** What {@code pg --version} prints: the version in the jar's manifest, and the JVM. */
final class Version implements IVersionProvider {
    /** The version of the jar, or "development" where there is none. */
    static String ofPg() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[] {
            "pg " + ofPg(), "Java " + Runtime.version() + " (" + System.getProperty("java.vendor") + ")"
        };
    }
}
