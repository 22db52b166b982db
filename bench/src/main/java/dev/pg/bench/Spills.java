package dev.pg.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import jdk.incubator.vector.VectorShape;

/**
 * Checks that the vectors of all kernels stay in registers: compiles the kernels ({@link KernelWork}), disassembles them, and counts what
 * their innermost vector loops keep on the stack. {@code bench/spills} starts it.
 */
public final class Spills {
    /** The kernels that must have been compiled. The methods that inline them are looked at as well. */
    private static final String KERNELS = """
            Bf16Dots::straight Bf16Dots::dots12x1 Bf16Dots::lastRow Bf16Dots::lastRow4 Bf16Dots::unpack Bf16Dots::unpack8
            F32Dots::straight F32Dots::dots12x1 F32Dots::lastRow
            FloatDots::straight FloatDots::lastRow4 F16Weights::unpack LaneSums::fold
            Q8Floats::dots2x4 Q4Dots::dots2x4 TileRows::zip TileRows::widen
            PanelDots::dots1x1 PanelDots::dots1x4
            OuterProduct::tile OuterProduct::transposedTile FlashBlock::raise FlashBlock::exponentials FlashBlock::rescale
            Quads::interleave Quads::separate Quads::copy
            DecodeTile$Simd::dots DecodeTile$Simd::addRows
            RowSums::sum RowSums::squares LayerNorm$Simd::normalize RmsNorm$Simd::normalize Residual$Simd::add GeGlu$Simd::multiply
            Gelu$Simd::apply Rope$Simd::rotate SoftCap$Simd::apply
            Softmax$Simd::exponentials Softmax$Simd::scale Softmax$Simd::subtract
            MaxSimF32::tile4 MaxSimF16::tile4 MaxSimI8::tile4
            """;

    private static final String KERNELS_OF_16_REGISTERS = """
            Tiles16::tile4x2 Tiles16::tile3x3 Bf16Dots::dots2x4 FloatDots::dots2x4 PanelDots::dots2x1 PanelDots::dots2x4
            Q8Dots::dots8x1 Q4Dots::dots8x1 TileRows::decode TileRows::join
            """;

    private static final String KERNELS_OF_32_REGISTERS = """
            Tiles32::tile6x4 Tiles32::tile6x3 Tiles32::tile12x2 Bf16Dots::dots6x4 FloatDots::dots6x4
            PanelDots::dots3x1 PanelDots::dots3x4 PanelDots::dots3x8 PanelDots::dots1x8
            Q8Dots::dots4x1 Q8Floats::dots2x8 Q4Dots::dots4x1 MaxSimF32::tile10 MaxSimF16::tile10 MaxSimI8::tile10
            """;

    /** Of processors that read several streams faster than one, in place of those for one stream. */
    private static final String KERNELS_OF_TWO_STREAMS =
            "Bf16Dots::dots8x1 PanelPairDots::pair3x1 PanelPairDots::pair3x4 Q8Dots::pair4x1 Q4Dots::pair4x1";

    private static final PrintStream OUT = System.out;

    private Spills() {}

    /** Checks the AVX2 build, and that of AVX-512 where there is one; ends with 1 if something spills or is missing. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int bits = VectorShape.preferredShape().vectorBitSize();
        if (!System.getProperty("os.arch").equals("amd64") || bits < 256) {
            throw new IllegalStateException(
                    "spills are counted in AVX2 and AVX-512 code only, which this JVM does not make");
        }
        int bad = check("AVX2, 16 registers of 256 bits", 2, 1, KERNELS + KERNELS_OF_16_REGISTERS);
        if (bits == 512) {
            bad += check("AVX-512, 32 registers of 512 bits", 3, 1, KERNELS + KERNELS_OF_32_REGISTERS);
            bad += check("AVX-512, two streams", 3, 12, KERNELS_OF_TWO_STREAMS);
        }
        System.exit(bad == 0 ? 0 : 1);
    }

    private static int check(String name, int avx, int streams, String kernels)
            throws IOException, InterruptedException {
        OUT.printf(
                "%s%n%-32s %6s %8s %5s %7s %6s %6s%n",
                name, "kernel", "loop", "vectors", "fmas", "stores", "loads", "calls");
        List<String> missing = new ArrayList<>(List.of(kernels.strip().split("\\s+")));
        List<String> listed = List.copyOf(missing);
        int loops = 0;
        int bad = 0;
        for (MachineCode method : compile(avx, streams)) {
            if (Collections.disjoint(method.parts(), listed)) {
                continue;
            }
            for (VectorLoops.Loop loop : VectorLoops.of(disassemble(method.code()), method.traps())) {
                missing.removeAll(method.parts());
                loops++;
                bad += loop.clean() ? 0 : 1;
                if (listed.contains(method.method()) || !loop.clean()) {
                    OUT.printf(
                            "%-32s %6x %8d %5d %7d %6d %6d%s%n",
                            method.method(),
                            loop.at(),
                            loop.vectors(),
                            loop.fmas(),
                            loop.stores(),
                            loop.loads(),
                            loop.calls(),
                            loop.clean() ? "" : "  <--");
                }
            }
        }
        missing.forEach(kernel -> OUT.println(kernel + ": C2 has not compiled it to a vector loop"));
        OUT.printf("%d of %d loops spill, %d kernels are missing%n%n", bad, loops, missing.size());
        return bad + missing.size();
    }

    private static Collection<MachineCode> compile(int avx, int streams) throws IOException, InterruptedException {
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "-Dpg.vector=always",
                        "-Dpg.streams=" + streams, // 1: short rows one by one; long ones are walked together anyway
                        "-XX:UseAVX=" + avx,
                        "-XX:PerMethodRecompilationCutoff=10000", // as pg
                        "-XX:-UseProfiledLoopPredicate", // likewise
                        "-XX:CompileCommand=quiet",
                        "-XX:CompileCommand=print,dev.pg.kernels.*::*",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KernelWork.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Collection<MachineCode> methods = MachineCode.parse(jvm.inputReader().lines());
        if (jvm.waitFor() != 0) {
            throw new IllegalStateException("the kernels failed, see above");
        }
        return methods;
    }

    private static List<String> disassemble(byte[] code) throws IOException {
        Path file = Files.createTempFile("spills", ".bin");
        try {
            Files.write(file, code);
            Process objdump = new ProcessBuilder(
                            ("objdump -D -b binary -m i386:x86-64 -M intel --no-show-raw-insn " + file).split(" "))
                    .start();
            return objdump.inputReader().lines().toList();
        } finally {
            Files.delete(file);
        }
    }
}
