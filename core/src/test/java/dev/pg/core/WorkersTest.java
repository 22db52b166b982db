package dev.pg.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 16})
    void everyIndexRunsOnce(int threads) {
        try (Workers workers = new Workers(threads)) {
            assertThat(workers.threads()).isEqualTo(threads);
            for (int tasks : new int[] {0, 1, 2, 3, 5, 64, 1000}) {
                AtomicIntegerArray calls = new AtomicIntegerArray(tasks);
                workers.run(tasks, (index, worker) -> calls.incrementAndGet(index));
                for (int i = 0; i < tasks; i++) {
                    assertThat(calls.get(i)).isEqualTo(1);
                }
            }
        }
    }

    /** Plain, unsynchronised fields on both sides: the team itself must publish them. Thousands of rounds catch a lost wake-up. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 8})
    void whatOneSideWroteTheOtherSees(int threads) {
        int rounds = 20_000;
        int[] input = new int[13];
        int[] output = new int[13];
        try (Workers workers = new Workers(threads)) {
            Workers.Task square = (index, worker) -> output[index] = input[index] * input[index];
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < input.length; i++) {
                    input[i] = round + i;
                }
                int tasks = 1 + round % input.length;
                Arrays.fill(output, -1);
                workers.run(tasks, square);
                for (int i = 0; i < output.length; i++) {
                    int expected = i < tasks ? (round + i) * (round + i) : -1;
                    if (output[i] != expected) {
                        assertThat(output[i]).as("round %d, index %d", round, i).isEqualTo(expected);
                    }
                }
            }
        }
    }

    @Test
    void theWholeTeamTakesPartAndAWorkerIsNeverTwoThreads() {
        int threads = 4;
        CyclicBarrier all = new CyclicBarrier(threads);
        Thread[] threadOfWorker = new Thread[threads];
        try (Workers workers = new Workers(threads)) {
            // Each task waits for all the others, so each must run in a thread of its own.
            workers.run(threads, (index, worker) -> {
                threadOfWorker[worker] = Thread.currentThread();
                meet(all);
            });
        }
        assertThat(threadOfWorker).doesNotContainNull().doesNotHaveDuplicates();
        assertThat(threadOfWorker[0]).isSameAs(Thread.currentThread());
    }

    @Test
    void workersIdentifyScratchThatNobodyElseUsesAtThatTime() {
        int threads = 4;
        AtomicIntegerArray users = new AtomicIntegerArray(threads);
        AtomicInteger collisions = new AtomicInteger();
        try (Workers workers = new Workers(threads)) {
            workers.run(20_000, (index, worker) -> {
                if (users.incrementAndGet(worker) != 1) {
                    collisions.incrementAndGet();
                }
                users.decrementAndGet(worker);
            });
        }
        assertThat(collisions).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void theFailureOfTheLowestIndexIsRethrown(int threads) {
        try (Workers workers = new Workers(threads)) {
            for (int round = 0; round < 300; round++) {
                assertThatThrownBy(() -> workers.run(100, (index, worker) -> {
                            if (index >= 40) {
                                throw new PgException("index " + index);
                            }
                        }))
                        .isInstanceOf(PgException.class)
                        .hasMessage("index 40");
            }
            assertThatThrownBy(() -> workers.run(9, (index, worker) -> {
                        throw new StackOverflowError();
                    }))
                    .isInstanceOf(StackOverflowError.class);
            everyIndexStillRuns(workers);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aLoopInsideALoopIsRefused(int threads) {
        try (Workers workers = new Workers(threads)) {
            @SuppressWarnings("try") // closing it too early is the point
            Workers.Task closing = (i, w) -> workers.close();
            for (int tasks : new int[] {1, 50}) {
                assertThatIllegalStateException()
                        .isThrownBy(() -> workers.run(tasks, (i, w) -> workers.run(2, (j, v) -> {})))
                        .withMessageContaining("inside a task");
                assertThatIllegalStateException().isThrownBy(() -> workers.run(tasks, closing));
            }
            everyIndexStillRuns(workers);
        }
    }

    @Test
    void aTaskMayUseAnotherTeam() {
        try (Workers outer = new Workers(2);
                Workers inner = new Workers(2)) {
            AtomicInteger calls = new AtomicInteger();
            outer.run(10, (i, w) -> inner.run(10, (j, v) -> calls.incrementAndGet()));
            assertThat(calls).hasValue(100);
        }
    }

    @Test
    void callersTakeTurns() throws InterruptedException {
        int[] unguarded = new int[1]; // += would lose counts if two loops of one task overlapped
        try (Workers workers = new Workers(3)) {
            Thread[] callers = new Thread[4];
            for (int c = 0; c < callers.length; c++) {
                callers[c] = Thread.ofPlatform().start(() -> {
                    for (int round = 0; round < 2000; round++) {
                        workers.run(1, (index, worker) -> unguarded[0] += 1);
                        workers.run(3, (index, worker) -> {
                            if (index == 1) {
                                unguarded[0]++;
                            }
                        });
                    }
                });
            }
            for (Thread caller : callers) {
                caller.join();
            }
        }
        assertThat(unguarded[0]).isEqualTo(4 * 2000 * 2);
    }

    @Test
    void closeEndsTheThreadsAndIsFinal() {
        Thread[] members = new Thread[3];
        CyclicBarrier all = new CyclicBarrier(3);
        Workers workers = new Workers(3);
        workers.run(3, (index, worker) -> {
            members[worker] = Thread.currentThread();
            meet(all);
        });
        assertThat(members[1].isAlive() && members[1].isDaemon()).isTrue();
        workers.close();
        workers.close();
        assertThat(members[1].isAlive() || members[2].isAlive()).isFalse();
        assertThatIllegalStateException()
                .isThrownBy(() -> workers.run(2, (i, w) -> {}))
                .withMessageContaining("closed");
    }

    @Test
    void runAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] sums = new long[64];
        Workers.Task task = (index, worker) -> sums[index] += worker;
        try (Workers workers = new Workers(2)) {
            run(workers, 2000, task); // classes are loaded, methods linked
            long before = threads.getCurrentThreadAllocatedBytes();
            run(workers, 10_000, task);
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(bytes).as("bytes in 10,000 loops").isLessThan(10_000);
        }
    }

    @Test
    void anInterruptedCallerStillFinishesItsLoop() {
        try (Workers workers = new Workers(3)) {
            Thread.currentThread().interrupt();
            everyIndexStillRuns(workers);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void sizesOutOfRangeAreRefused() {
        assertThatThrownBy(() -> new Workers(0)).isInstanceOf(PgException.class).hasMessageContaining("1 to 1024");
        assertThatThrownBy(() -> new Workers(1025)).isInstanceOf(PgException.class);
    }

    @Test
    void theDefaultFitsTheMachine() {
        assertThat(Workers.defaultThreads()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }

    private static void run(Workers workers, int rounds, Workers.Task task) {
        for (int i = 0; i < rounds; i++) {
            workers.run(64, task);
        }
    }

    private static void everyIndexStillRuns(Workers workers) {
        AtomicInteger calls = new AtomicInteger();
        workers.run(1000, (index, worker) -> calls.incrementAndGet());
        assertThat(calls).hasValue(1000);
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new AssertionError(e);
        }
    }
}
