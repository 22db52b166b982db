package dev.pg.bench;

/** Hears of a run while it goes on, in the thread that runs it. */
public interface BenchListener {
    /** What will be measured; first of all. */
    void started(Report.Subject subject);

    /** What is being done now, in a few words. */
    void doing(String what);

    /** What the machine can do. */
    void measured(Machine machine);

    /** A result. */
    void measured(Result result);
}
