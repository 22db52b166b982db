package dev.pg.kernels;

import com.sun.management.ThreadMXBean;
import dev.pg.core.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * When kernels use vectors, and how C2 comes to compile them in time. Until it has, vector operations are objects made one by one,
 * hundreds of times slower than afterwards, and slower than plain loops. So every kernel of a forward pass has a twin in plain
 * loops, of the same operations in the same order, which works first: which of them made a result does not show in a bit.
 *
 * <p>Meanwhile a daemon thread calls the vector kernels ({@link ColdKernels}), those of the image encoder first, until they allocate
 * next to nothing: then C2 keeps their vectors in registers. {@link #start} begins that while a model is being opened. A model with a million
 * weights is better off without, for its first pictures are done before C2 would be; so somebody has to ask, or there has to be enough work.
 * A large product waits for its vectors.
 *
 * <p>Once for all models of the JVM, but what only some need ({@link Layout}) comes with the first of them; {@code -Dpg.vector=always} uses vectors
 * from the first call on. Thread-safe.
 */
public final class WarmUp {
    /** Multiply-adds of a product that waits: plain loops would take about a tenth of a second. */
    private static final long LARGE = 1L << 27;

    /** Multiply-adds by plain loops after which the warm-up starts: some captions of a model with a million weights. */
    private static final long ENOUGH = 1L << 29;

    /** Calls of a kernel between two looks at what it allocates. */
    private static final int CALLS = 20;

    /** Looks after which a kernel is given up. */
    private static final int LOOKS = 240;

    private static final AtomicLong plainWork = new AtomicLong();
    private static final CountDownLatch encoderWarm = new CountDownLatch(1);

    private static final boolean NEEDED = VectorSupport.AVAILABLE && !"always".equals(System.getProperty("pg.vector"));

    /** All bits until vectors are for everybody, then none. */
    private static volatile long cold = VectorSupport.AVAILABLE && !NEEDED ? 0 : -1;

    /** Whose vectors are for him alone; no thread has this number. */
    private static volatile long caller = -1;

    /** Layouts whose kernels have been compiled or will be. */
    private static final Set<Layout> layouts = new HashSet<>();

    private static boolean started;

    /** One thread, while there is something to do. */
    private static final Executor THREAD = new ThreadPoolExecutor(
            0,
            1,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name("pg-warm-up").daemon().factory());

    private WarmUp() {}

    /**
     * Starts compiling the vector kernels in the background, if there is a Vector API and nobody has yet; returns at once.
     *
     * @param weights some of those that are to come, as they lie in memory, in any format; a few kilobytes are read. C2 compiles for the kind of
     *     memory that it sees, mapped or not, and starts again where it meets the other. May be empty, and may be closed at any time.
     */
    public static synchronized void start(MemorySegment weights) {
        if (NEEDED && !started) {
            started = true;
            THREAD.execute(() -> {
                compileEncoder(weights);
                compile(weights, ColdKernels::decoder);
                if (needsRows()) {
                    compile(weights, Layout.ROWS::kernels);
                }
            });
            layouts.forEach(layout -> compileLater(layout, MemorySegment.NULL));
        }
    }

    /**
     * Compiles the kernels for weights that lie this way, too, once there is a model that starts the warm-up.
     *
     * @param weights as for {@link #start}
     */
    static synchronized void need(Layout layout, MemorySegment weights) {
        if (layouts.add(layout) && started) {
            compileLater(layout, weights);
        }
    }

    private static void compileLater(Layout layout, MemorySegment weights) {
        THREAD.execute(() -> compile(weights, layout::kernels));
    }

    /** Starts the warm-up, if nobody has yet, and waits for its end or an interrupt: for those who measure. */
    public static void finish() {
        start(MemorySegment.NULL);
        if (NEEDED) {
            CountDownLatch end = new CountDownLatch(1);
            THREAD.execute(end::countDown);
            await(end);
        }
    }

    /**
     * Whether a kernel is to use vectors; false for good without the Vector API.
     *
     * <p>One branch, which goes the same way for the warm-up and for everybody after it: C2 leaves out the side of a branch that it has not
     * seen taken, and all kernels would be compiled again when it is.
     */
    static boolean vectors() {
        return ((Thread.currentThread().threadId() ^ caller) & cold) == 0;
    }

    /** Vectors or plain loops for everybody. */
    static void setWarm(boolean warm) {
        cold = warm ? 0 : -1;
    }

    /** Counts a product of so many multiply-adds; starts the warm-up if it is time, and waits for it if the product is large. */
    static void expect(long multiplyAdds) {
        if (cold == 0 || !VectorSupport.AVAILABLE) {
            return;
        }
        if (plainWork.addAndGet(multiplyAdds) > ENOUGH || multiplyAdds > LARGE) {
            start(MemorySegment.NULL);
        }
        if (multiplyAdds > LARGE) {
            await(encoderWarm);
        }
    }

    /** Whoever interrupts us will stop us soon, and has plain loops until then. */
    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void compileEncoder(MemorySegment weights) {
        try {
            compile(weights, ColdKernels::encoder);
        } finally { // nobody waits in vain
            setWarm(true);
            encoderWarm.countDown();
        }
    }

    /** By now the first model has said how its weights lie, unless it is as in most files. */
    private static synchronized boolean needsRows() {
        return layouts.isEmpty() && layouts.add(Layout.ROWS);
    }

    private static void compile(MemorySegment weights, Function<ColdKernels, List<Runnable>> kernels) {
        caller = Thread.currentThread().threadId();
        try (Workers alone = new Workers(1)) {
            ColdKernels all = new ColdKernels(alone, weights);
            try {
                call(kernels.apply(all));
            } catch (IllegalStateException closed) {
                // The model was, before we were done; the next one needs its kernels, too.
                call(kernels.apply(all));
            }
        }
    }

    private static void call(List<Runnable> kernels) {
        Queue<Step> cold = new ArrayDeque<>(kernels.stream().map(Step::new).toList());
        for (int look = 0; look < LOOKS && !cold.isEmpty(); look++) {
            for (int i = cold.size(); i > 0; i--) {
                Step step = cold.remove();
                if (!step.isWarm()) {
                    cold.add(step);
                }
            }
        }
    }

    /** A kernel with what it allocated. */
    private static final class Step {
        private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        private final Runnable kernel;
        private long most; // bytes of some calls

        Step(Runnable kernel) {
            this.kernel = kernel;
        }

        /** Calls the kernel; true if that allocates next to nothing by now. */
        boolean isWarm() {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                kernel.run();
            }
            long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
            most = Math.max(most, allocated);
            return allocated <= most / 20;
        }
    }
}
