package dev.pg.bench;

import dev.pg.core.DType;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import dev.pg.kernels.Attention;
import dev.pg.kernels.GeGlu;
import dev.pg.kernels.Gelu;
import dev.pg.kernels.Gemm;
import dev.pg.kernels.LayerNorm;
import dev.pg.kernels.Linear;
import dev.pg.kernels.Mask;
import dev.pg.kernels.MatMul;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.MaxSim;
import dev.pg.kernels.PageVectors;
import dev.pg.kernels.Quantization;
import dev.pg.kernels.Quantizer;
import dev.pg.kernels.Residual;
import dev.pg.kernels.RmsNorm;
import dev.pg.kernels.Rope;
import dev.pg.kernels.SoftCap;
import dev.pg.kernels.Softmax;
import dev.pg.kernels.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** Work for every hot kernel, through the doors that models use, until C2 has compiled them: what {@link Spills} looks at. */
final class KernelWork {
    /** Twice, since a kernel that was compiled for one shape may be compiled again, and worse, when others have been by. */
    private static final int ROUNDS = 2;

    private static final double QUIET_SECONDS = 0.4;

    private final CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    private final Workers workers = new Workers(1);
    private final List<Runnable> work = new ArrayList<>();

    private KernelWork() {
        // Panels of two, three and four vectors, of 16 lanes and of 8; few tokens; one.
        for (int rows : new int[] {24, 32, 48, 64, 260, 8, 1}) {
            multiply(rows, weights(DType.BF16, 1152));
        }
        for (DType dtype : List.of(DType.BF16, DType.F16, DType.F32)) {
            multiply(256, weights(dtype, 4304));
            multiply(8, weights(dtype, 4304));
            multiply(1, weights(dtype, 4304));
            multiply(1, weights(dtype, 1152));
        }
        for (int outputs : new int[] {1160, 1168}) { // with part of a panel, for 8 lanes and for 16
            multiply(256, packed(outputs));
            multiply(8, packed(outputs));
            multiply(4, packed(outputs));
            multiply(1, packed(outputs));
        }
        for (Quantization format : Quantization.values()) {
            multiply(256, quantized(format));
            multiply(8, quantized(format));
            multiply(4, quantized(format));
            multiply(1, quantized(format));
        }
        attend(256, 256, 16, 16, 72, 0);
        attend(260, 260, 8, 4, 256, 50);
        attend(1, 300, 8, 1, 256, 0);
        attend(1, 300, 8, 4, 256, 50);
        for (DType dtype : List.of(DType.F32, DType.F16, DType.I8)) {
            score(dtype);
        }
        elementwise();
    }

    /** Runs it. */
    public static void main(String[] args) {
        KernelWork all = new KernelWork();
        for (int round = 0; round < ROUNDS; round++) {
            all.work.forEach(all::untilQuiet);
        }
        all.workers.close();
    }

    /** Runs a piece until the compilers have left it alone for a while. */
    private void untilQuiet(Runnable piece) {
        long compiled;
        do {
            compiled = compiler.getTotalCompilationTime();
            double end = System.nanoTime() + QUIET_SECONDS * 1e9;
            while (System.nanoTime() < end) {
                piece.run();
            }
        } while (compiler.getTotalCompilationTime() > compiled);
    }

    private void multiply(int rows, Weights weights) {
        Linear w = Linear.of(weights, null);
        MatMul matMul = new MatMul(workers, Gemm.VECTOR);
        Matrix x = Operands.matrix(1, rows, w.cols());
        Matrix y = new Matrix(rows, w.rows());
        work.add(() -> matMul.multiply(x, w, y));
    }

    /** Zeros. */
    private static Weights weights(DType dtype, int inputs) {
        return Weights.of(tensor(dtype, 1155, inputs)); // some rows more than tiles take at once
    }

    private Weights packed(int outputs) {
        return Weights.packed(tensor(DType.BF16, outputs, 1152), workers);
    }

    private static Tensor tensor(DType dtype, int outputs, int inputs) {
        MemorySegment data = Arena.ofAuto().allocate((long) outputs * inputs * dtype.bytes(), 64);
        return new Tensor("w", dtype, new long[] {outputs, inputs}, data);
    }

    private Weights quantized(Quantization format) {
        Quantizer quantizer = Quantizer.fit(weights(DType.F32, 1152), format, workers);
        return quantizer.encode(Arena.ofAuto().allocate(quantizer.bytes(), 64), workers);
    }

    private void attend(int queries, int keys, int heads, int kvHeads, int headDim, float softCap) {
        Attention attention = new Attention(workers);
        Matrix q = Operands.matrix(1, queries, heads * headDim);
        Matrix k = Operands.matrix(2, keys, kvHeads * headDim);
        Matrix v = Operands.matrix(3, keys, kvHeads * headDim);
        Matrix out = new Matrix(queries, heads * headDim);
        work.add(() -> {
            attention.apply(q, k, v, heads, kvHeads, headDim, 0.1f, softCap, Mask.FULL, out);
            attention.apply(q, k, v, heads, kvHeads, headDim, 0.1f, softCap, Mask.CAUSAL, out);
        });
    }

    private void score(DType dtype) {
        MaxSim maxSim = new MaxSim(workers);
        List<PageVectors> pages = List.of(PageVectors.of(Operands.matrix(1, 1030, 128), dtype));
        Matrix query = Operands.matrix(2, 14, 128); // a tile of each height: 10 and 4
        work.add(() -> maxSim.scores(query, pages));
    }

    private void elementwise() {
        float[] weight = Operands.normal(1, 1152);
        Matrix x = Operands.matrix(2, 256, 1152);
        Matrix y = new Matrix(256, 1152);
        Matrix gateUp = Operands.matrix(3, 256, 2 * 1152);
        Matrix heads = Operands.matrix(4, 260, 2048);
        float[] logits = Operands.normal(5, 257_216);
        Rope rope = new Rope(256, 10_000);
        work.add(() -> LayerNorm.apply(workers, x, weight, weight, 1e-6f, y));
        work.add(() -> RmsNorm.apply(workers, x, weight, 1e-6f, y));
        work.add(() -> Residual.add(workers, y, x));
        work.add(() -> Gelu.apply(workers, y));
        work.add(() -> GeGlu.apply(workers, gateUp, y));
        work.add(() -> rope.apply(workers, heads, 8, 1));
        work.add(() -> SoftCap.apply(logits, 0, logits.length, 30));
        work.add(() -> Softmax.apply(logits, 0, logits.length));
        work.add(() -> Softmax.log(logits, 0, logits.length));
    }
}
