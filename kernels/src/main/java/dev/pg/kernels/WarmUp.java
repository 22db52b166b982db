package dev.pg.kernels;

import com.sun.management.ThreadMXBean;
import dev.pg.core.DType;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * When kernels use vectors, and how C2 comes to compile them in time. Until it has, vector operations are objects made one by one,
 * hundreds of times slower than afterwards, and slower than plain loops. So every kernel of a forward pass has a twin in plain
 * loops, of the same operations in the same order, which works first: which of them made a result does not show in a bit.
 *
 * <p>Meanwhile a daemon thread calls the vector kernels on small operands, those of the image encoder first, until they allocate
 * much less than at first: then C2 keeps most of their vectors in registers. {@link #start} begins that while a model is being opened. A model with a million
 * weights is better off without, for its first pictures are done before C2 would be; so somebody has to ask, or there has to be enough work.
 * A large product waits for its vectors.
 *
 * <p>Once for all models of the JVM; {@code -Dpg.vector=always} uses vectors from the first call on. Thread-safe.
 */
public final class WarmUp {
    /** Multiply-adds of a product that waits: plain loops would take about a tenth of a second. */
    private static final long LARGE = 1L << 27;

    /** Multiply-adds by plain loops after which the warm-up starts: some captions of a model with a million weights. */
    private static final long ENOUGH = 1L << 29;

    /** Calls of a step between two looks at what it allocates. */
    private static final int CALLS = 50;

    /** Looks after which a step is given up. */
    private static final int LOOKS = 60;

    private static final AtomicLong plainWork = new AtomicLong();
    private static final CountDownLatch encoderWarm = new CountDownLatch(1);

    private static final boolean NEEDED = VectorSupport.AVAILABLE && !"always".equals(System.getProperty("pg.vector"));

    /** Set once and for good, but by tests. */
    static volatile boolean warm = VectorSupport.AVAILABLE && !NEEDED;

    private static volatile Thread caller; // of cold vector kernels

    private WarmUp() {}

    private static final class Background {
        static final Thread THREAD =
                Thread.ofPlatform().name("pg-warm-up").daemon().start(WarmUp::run);
    }

    /** Starts compiling the vector kernels in the background, if there is a Vector API and nobody has yet; returns at once. */
    public static void start() {
        if (NEEDED) {
            Background.THREAD.isAlive(); // loads the class, which starts it
        }
    }

    /** Starts the warm-up, if nobody has yet, and waits for its end or an interrupt: for those who measure. */
    public static void finish() {
        if (NEEDED) {
            try {
                Background.THREAD.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Whether a kernel is to use vectors; false for good without the Vector API. */
    static boolean vectors() {
        return warm || Thread.currentThread().equals(caller);
    }

    /** Counts a product of so many multiply-adds; starts the warm-up if it is time, and waits for it if the product is large. */
    static void expect(long multiplyAdds) {
        if (warm || !VectorSupport.AVAILABLE) {
            return;
        }
        if (plainWork.addAndGet(multiplyAdds) > ENOUGH || multiplyAdds > LARGE) {
            start();
        }
        if (multiplyAdds > LARGE) {
            try {
                encoderWarm.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // whoever interrupts us will stop us soon; plain loops until then
            }
        }
    }

    private static void run() {
        caller = Thread.currentThread();
        try (Workers alone = new Workers(1)) {
            try {
                call(encoder(alone));
            } finally { // nobody waits in vain
                warm = true;
                encoderWarm.countDown();
            }
            call(decoder(alone));
        } finally {
            caller = null;
        }
    }

    private static void call(List<Step> steps) {
        Queue<Step> cold = new ArrayDeque<>(steps);
        for (int look = 0; look < LOOKS && !cold.isEmpty(); look++) {
            for (int i = cold.size(); i > 0; i--) {
                Step step = cold.remove();
                if (!step.isWarm()) {
                    cold.add(step);
                }
            }
        }
    }

    private static List<Step> encoder(Workers alone) {
        Matrix x = new Matrix(8, 256);
        Matrix y = new Matrix(8, 256);
        float[] weight = new float[256];
        Attention attention = new Attention(alone);
        Matrix heads = new Matrix(2 * VectorSupport.LANES, 32);
        Matrix out = new Matrix(2 * VectorSupport.LANES, 32);
        return List.of(
                product(new PackedGemm(alone, Tile.best()), 4 * VectorSupport.LANES, 32, 48),
                product(new PackedGemm(alone, Tile.best()), 3 * VectorSupport.LANES, 32, 48),
                new Step(() -> LayerNorm.apply(alone, x, weight, weight, 1, y)),
                new Step(() -> attention.apply(heads, heads, heads, 1, 1, 32, 1, 0, Mask.FULL, out)),
                new Step(() -> Gelu.apply(alone, y)),
                new Step(() -> Residual.add(alone, x, y)));
    }

    private static List<Step> decoder(Workers alone) {
        Matrix x = new Matrix(8, 256);
        Matrix y = new Matrix(8, 256);
        Matrix gateUp = new Matrix(8, 512);
        float[] weight = new float[256];
        Rope rope = new Rope(256, 10_000);
        Attention attention = new Attention(alone);
        Matrix query = new Matrix(1, 256);
        Matrix keys = new Matrix(32, 256);
        Matrix out = new Matrix(1, 256);
        List<Step> steps = new ArrayList<>(List.of(
                product(new PackedGemm(alone, Tile.best()), 4 * VectorSupport.LANES + 1, 32, 48), // one of LastTokens
                new Step(() -> RmsNorm.apply(alone, x, weight, 1, y)),
                new Step(() -> rope.apply(alone, x, 1, 0)),
                new Step(() -> SoftCap.apply(x.data(), 0, 1024, 50)),
                new Step(() -> GeGlu.apply(alone, gateUp, y))));
        if (QuantizedWeights.used != null) {
            Weights weights = quantized(QuantizedWeights.used);
            steps.add(product(new PackedGemm(alone, Tile.best()), 4 * VectorSupport.LANES, weights));
            steps.add(product(new FewTiles(alone)::multiply, 1, weights));
        } else {
            steps.add(Bf16Panels.used ? panels(alone) : product(new FewRows(alone), 1, 512, 24));
            steps.add(product(new FewRows(alone), 1, FewRows.NARROW + 512, FewRows.STREAMS));
        }
        steps.add(new Step(() -> attention.apply(query, keys, keys, 1, 1, 256, 1, 50, Mask.FULL, out)));
        return steps;
    }

    private static Step product(MatMul.Backend backend, int tokens, int inputs, int outputs) {
        return product(backend, tokens, Weights.of(zeros(inputs, outputs)));
    }

    private static Step panels(Workers alone) {
        return product(
                new FewPanels(alone)::multiply,
                1,
                Weights.packed(zeros(512, Bf16Panels.ROWS + VectorSupport.LANES), alone));
    }

    private static Weights quantized(Quantization format) {
        int inputs = 512;
        long[] shape = format.packedShape(Quantization.TILE, inputs);
        MemorySegment data = Arena.ofAuto().allocate((long) inputs / Quantization.GROUP * format.groupBytes());
        Tensor packed = new Tensor("", DType.U8, shape, data);
        return QuantizedWeights.of("", Quantization.TILE, inputs, format, packed, new float[Quantization.LEVELS]);
    }

    private static Tensor zeros(int inputs, int outputs) {
        MemorySegment data = Arena.ofAuto().allocate((long) outputs * inputs * DType.BF16.bytes());
        return new Tensor("", DType.BF16, new long[] {outputs, inputs}, data);
    }

    private static Step product(MatMul.Backend backend, int tokens, Weights weights) {
        Linear w = Linear.of(weights, null);
        Matrix x = new Matrix(tokens, w.cols());
        Matrix y = new Matrix(tokens, w.rows());
        return new Step(() -> backend.multiply(x, w, y));
    }

    /** Some kernels on small operands. */
    private static final class Step {
        private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        private final Runnable kernels;
        private long cold; // bytes that calls allocated at first

        Step(Runnable kernels) {
            this.kernels = kernels;
        }

        /** Calls the kernels; true if they allocate much less by now: what is called once in a while is compiled last, and waits for nobody. */
        boolean isWarm() {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                kernels.run();
            }
            long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
            cold = Math.max(cold, allocated);
            return allocated <= cold / 3;
        }
    }
}
