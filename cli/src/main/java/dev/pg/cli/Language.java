package dev.pg.cli;

import picocli.CommandLine.Option;

/** The language of an answer. */
final class Language {
    @Option(
            names = {"-l", "--lang"},
            paramLabel = "CODE",
            defaultValue = "en",
            description = "Language of the answer: de, en, es, ... (default: ${DEFAULT-VALUE}).")
    private String code;

    String code() {
        return code;
    }
}
