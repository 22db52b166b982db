package dev.pg.core;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A fixed team of threads for parallel loops: {@link #run} calls a task for every index and returns when all are done. The caller
 * works along as worker 0. Indices are handed out one by one to whoever is free, so a loop must give the same result whatever
 * thread takes which index; then its result does not depend on the number of threads either.
 *
 * <p>Between loops the team spins for a tenth of a millisecond, because the loops of one forward pass follow each other closely, and then
 * sleeps: an idle team uses no processor time. {@code run} allocates nothing. The threads live until {@link #close}.
 *
 * <p>Thread-safe: loops of several callers run one after the other. What the caller wrote before {@code run} is visible to the task, and
 * what the tasks wrote is visible to the caller afterwards.
 */
public final class Workers implements AutoCloseable {
    /** The body of a parallel loop. */
    @FunctionalInterface
    public interface Task {
        /**
         * Does the work of one index.
         *
         * @param index in [0, tasks)
         * @param worker in [0, threads), never the same in two threads at one time: it may select scratch memory
         */
        void run(int index, int worker);
    }

    private static final int MAX_THREADS = 1024;

    /** Longer than one of two threads waits for the other's last task in a step of decoding: 50 µs. To wake a thread takes 10 to 40. */
    private static final long SPIN_NANOS = 100_000;

    private static final long OPEN = 1L << 31;
    private static final long WORKING = OPEN - 1;
    private static final int NUMBER_SHIFT = 32;

    /**
     * A round is one parallel loop. Its state is one word, so that joining and closing a round exclude each other: the round's number
     * in the upper half, {@link #OPEN} while there may be indices left, and in the low bits how many members work in it. Nobody waits
     * for a member that has not joined: a thread that the operating system has put aside delays no loop.
     */
    private final AtomicLong round = new AtomicLong();

    /** The next index to hand out. */
    private final AtomicLong next = new AtomicLong(); // long, so that it may run past the largest int

    private final ReentrantLock lock = new ReentrantLock();
    private final Member[] members;
    private final long spinNanos;

    // Written by the caller before a round opens, read by members after they joined it.
    private Task task;
    private int tasks;

    /** The caller, while it sleeps until the members have left the round. */
    private volatile Thread waiting;

    private volatile boolean closed;

    // The failure of the lowest index of this round; guarded by next.
    private Throwable failure;
    private long failedIndex;

    /**
     * Starts the threads, {@code threads - 1} of them; they are daemons.
     *
     * @param threads 1 to 1024, the caller of {@link #run} counted
     * @throws PgException if {@code threads} is out of range
     */
    public Workers(int threads) {
        if (threads < 1 || threads > MAX_THREADS) {
            throw new PgException("cannot work with " + threads + " threads; choose 1 to " + MAX_THREADS);
        }
        // More threads than processors: one that spins would hold up one that works.
        spinNanos = threads <= Runtime.getRuntime().availableProcessors() ? SPIN_NANOS : 0;
        members = new Member[threads - 1];
        for (int i = 0; i < members.length; i++) {
            members[i] = new Member(i + 1);
        }
        for (Member member : members) {
            member.start();
        }
    }

    /**
     * The number of threads that suits this machine: the processors that this JVM may use, but one per physical core, since two
     * hyper-threads share the arithmetic units that our loops keep busy.
     */
    public static int defaultThreads() {
        int processors = Runtime.getRuntime().availableProcessors();
        return Math.clamp(CpuTopology.physicalCores().orElse(processors), 1, Math.min(processors, MAX_THREADS));
    }

    /** Size of the team, the caller of {@link #run} counted. */
    public int threads() {
        return members.length + 1;
    }

    /**
     * Calls {@code task.run} once for every index in [0, tasks) and returns when all calls have returned. With one task or one thread
     * that happens in the calling thread.
     *
     * <p>If a call throws, no further indices are handed out, and when all running calls are over, the exception of the lowest index is
     * rethrown: the one that a plain loop would have thrown.
     *
     * @throws IllegalStateException if called from inside a task of this team, or after {@link #close}
     */
    public void run(int tasks, Task task) {
        lockAsOutsider();
        try {
            if (closed) {
                throw new IllegalStateException("these workers are closed");
            }
            if (tasks <= 1 || members.length == 0) {
                for (int i = 0; i < tasks; i++) {
                    task.run(i, 0);
                }
            } else {
                runTogether(tasks, task);
            }
        } finally {
            lock.unlock();
        }
    }

    private void runTogether(int tasks, Task task) {
        this.task = task;
        this.tasks = tasks;
        next.set(0);
        long number = (round.get() >>> NUMBER_SHIFT) + 1;
        round.set(number << NUMBER_SHIFT | OPEN);
        for (int i = 0; i < Math.min(members.length, tasks - 1); i++) {
            members[i].wake();
        }
        work(0);
        round.getAndAdd(-OPEN);
        awaitMembers();
        this.task = null;
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            rethrow(thrown);
        }
    }

    private void work(int worker) {
        long index;
        while ((index = next.getAndIncrement()) < tasks) {
            try {
                task.run((int) index, worker);
            } catch (Throwable e) {
                fail(index, e);
            }
        }
    }

    // Indices go out in order, so every index below a failed one is out already and will be heard of.
    private void fail(long index, Throwable e) {
        synchronized (next) {
            if (failure == null || index < failedIndex) {
                failure = e;
                failedIndex = index;
            }
        }
        next.set(tasks);
    }

    private void awaitMembers() {
        if (isWorking() && spinNanos > 0) {
            long start = System.nanoTime();
            while (isWorking() && System.nanoTime() - start < spinNanos) {
                Thread.onSpinWait();
            }
        }
        if (isWorking()) {
            waiting = Thread.currentThread();
            while (isWorking()) {
                LockSupport.park(this);
            }
            waiting = null;
        }
    }

    private boolean isWorking() {
        return (round.get() & WORKING) != 0;
    }

    private static void rethrow(Throwable thrown) {
        switch (thrown) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException("a task threw a checked exception", thrown);
        }
    }

    private void lockAsOutsider() {
        boolean inside = lock.isHeldByCurrentThread()
                || (Thread.currentThread() instanceof Member member && member.team() == this);
        if (inside) {
            throw new IllegalStateException("called from inside a task of the same workers");
        }
        lock.lock();
    }

    /**
     * Waits for a running loop, then ends the threads. Closing twice does nothing.
     *
     * @throws IllegalStateException if called from inside a task of this team
     */
    @Override
    public void close() {
        lockAsOutsider();
        try {
            closed = true;
            for (Member member : members) {
                member.wake();
            }
        } finally {
            lock.unlock();
        }
        for (Member member : members) {
            joinUninterruptibly(member);
        }
    }

    private static void joinUninterruptibly(Member member) {
        boolean interrupted = false;
        while (true) {
            try {
                member.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Member extends Thread {
        private final int worker;
        private volatile boolean asleep;

        Member(int worker) {
            super(null, null, "pg-worker-" + worker, 0, false);
            this.worker = worker;
            setDaemon(true);
        }

        Workers team() {
            return Workers.this;
        }

        void wake() {
            if (asleep) {
                asleep = false; // so that the next loop need not wake it once more
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            long done = 0; // number of the last round seen
            while (true) {
                awaitRoundAfter(done);
                if (closed) {
                    return;
                }
                long state = round.get();
                if ((state & OPEN) == 0) {
                    done = state >>> NUMBER_SHIFT; // over before we came
                } else if (round.compareAndSet(state, state + 1)) {
                    done = state >>> NUMBER_SHIFT;
                    work(worker);
                    leave();
                }
            }
        }

        private void leave() {
            if ((round.decrementAndGet() & (OPEN | WORKING)) == 0) {
                LockSupport.unpark(waiting); // does nothing if nobody waits
            }
        }

        private void awaitRoundAfter(long done) {
            if (spinNanos > 0) {
                long start = System.nanoTime();
                while (!isDue(done) && System.nanoTime() - start < spinNanos) {
                    Thread.onSpinWait();
                }
            }
            while (!isDue(done)) {
                // Set anew each time: the caller may clear it late, for a round in which we have worked already.
                asleep = true;
                if (!isDue(done)) {
                    Thread.interrupted(); // a task may have left the flag set, and park would return at once
                    LockSupport.park(Workers.this);
                }
            }
            asleep = false;
        }

        private boolean isDue(long done) {
            return closed || round.get() >>> NUMBER_SHIFT != done;
        }
    }
}
