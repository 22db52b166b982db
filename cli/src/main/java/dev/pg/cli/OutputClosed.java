package dev.pg.cli;

import dev.pg.core.PgException;

/** Standard output takes no more: its reader has gone, or the disk is full. It ends the run, not just one picture. */
final class OutputClosed extends PgException {
    private static final long serialVersionUID = 1;

    OutputClosed() {
        super("cannot write to standard output: its reader has gone, or the disk is full");
    }
}
