package dev.pg.cli;

import dev.pg.bench.BenchListener;
import dev.pg.bench.Machine;
import dev.pg.bench.Report;
import dev.pg.bench.Result;

/** Tells on standard error what a benchmark is doing. */
class BenchProgress implements BenchListener {
    final Console console;

    BenchProgress(Console console) {
        this.console = console;
    }

    @Override
    public void started(Report.Subject subject) {}

    @Override
    public void doing(String what) {
        console.note(what + " ...");
    }

    @Override
    public void measured(Machine machine) {}

    @Override
    public void measured(Result result) {}
}
